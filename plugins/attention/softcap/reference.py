"""softcap from its definition."""
import numpy as np
from bounds import Bounded


def softcap(input, *, cap):
    # Some engines' tanh is off by 4 units in the last place; the cap itself is rounded too.
    return Bounded(cap * np.tanh(input / cap), steps=12)


OPERATORS = {"softcap": softcap}
