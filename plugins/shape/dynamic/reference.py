def window(input, starts, sizes):
    first = [min(max(int(start), 0), have - size) for start, have, size in zip(starts, input.shape, sizes)]
    return tuple(slice(start, start + size) for start, size in zip(first, sizes))


def dynamic_slice(input, starts, *, sizes):
    return input[window(input, starts, sizes)]


def dynamic_update_slice(input, update, starts):
    output = input.copy()
    output[window(input, starts, update.shape)] = update
    return output


OPERATORS = {"dynamic_slice": dynamic_slice, "dynamic_update_slice": dynamic_update_slice}
