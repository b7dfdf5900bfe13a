import numpy as np


def transpose(input, *, permutation):
    return np.swapaxes(input, -1, -2) if permutation is None else np.transpose(input, permutation)


def permute(input, *, permutation):
    return np.transpose(input, permutation)


OPERATORS = {"transpose": transpose, "permute": permute}
