import numpy as np
from bounds import Bounded

COMBINE = {"none": lambda old, new: new, "add": lambda old, new: old + new, "mul": lambda old, new: old * new,
           "max": np.maximum, "min": np.minimum}


def scattered(data, places, values, reduction):
    output, magnitude = data.copy(), np.abs(data) if data.dtype.kind == "f" else None
    count = np.ones(data.shape)
    with np.errstate(all="ignore"):
        for place, value in zip(places, values):
            output[place] = COMBINE[reduction](output[place], value)
            count[place] += 1
            if magnitude is not None and reduction == "add":
                magnitude[place] += np.abs(value)
            elif magnitude is not None:
                magnitude[place] = np.abs(output[place])
    if magnitude is None or reduction not in ("add", "mul"):
        return output
    return Bounded(output, magnitude * count, steps=2)


def scatter(data, indices, updates, *, axis, reduction):
    places = []
    for at in np.ndindex(indices.shape):
        place = list(at)
        place[axis] = int(indices[at])  # a negative one counts from the end in NumPy too
        places.append(tuple(place))
    return scattered(data, places, updates.ravel(), reduction)


def scatter_nd(data, indices, updates, *, reduction):
    where = list(np.ndindex(indices.shape[:-1]))
    return scattered(data, [tuple(int(i) for i in indices[at]) for at in where], [updates[at] for at in where], reduction)


OPERATORS = {"scatter": scatter, "scatter_nd": scatter_nd}
