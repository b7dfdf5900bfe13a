"""matmul, linear, gemm, einsum and dot_general from their definitions: sums of products, in NumPy's einsum."""
import numpy as np
from bounds import Bounded

LARGEST = {np.dtype(np.longdouble): float(np.finfo(np.float64).max), np.dtype(np.float64): float(np.finfo(np.float32).max)}
NAMES = {"i8": np.int8, "i16": np.int16, "i32": np.int32, "i64": np.int64,
         "ui8": np.uint8, "ui16": np.uint16, "ui32": np.uint32, "ui64": np.uint64}
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def sizes_of(term, shape):
    """letter -> size, where "..." takes what the letters leave."""
    front, _, back = term.partition("...")
    found = dict(zip(front, shape))
    if back:
        found.update(zip(back, shape[len(shape) - len(back):]))
    return found


def explicit(equation):
    equation = equation.replace(" ", "")
    if "->" in equation:
        return equation
    letters = equation.replace(",", "").replace("...", "")
    return equation + "->" + ("..." if "..." in equation else "") + "".join(sorted(c for c in set(letters) if letters.count(c) == 1))


def contract(equation, a, b):
    """Floats: the sums, and their magnitude for a bound of one step per term. Integers: the sums in 64 bits, and 0."""
    equation = explicit(equation)
    terms, output = equation.split("->")
    left, right = terms.split(",")
    if a.dtype.kind in "iu":
        wide = np.uint64 if a.dtype.kind == "u" else np.int64
        with np.errstate(over="ignore"):
            return np.asarray(np.einsum(equation, a.astype(wide), b.astype(wide))), 0
    sizes = {**sizes_of(left, a.shape), **sizes_of(right, b.shape)}
    summed = [letter for letter in sizes if letter not in output]
    count = int(np.prod([sizes[letter] for letter in summed]))
    with np.errstate(all="ignore"):
        # Every product by itself: one that overflows where it is computed is infinite, whatever the sum comes to.
        everything = ("..." if "..." in equation else "") + "".join(c for c in output if c.isalpha()) + "".join(summed)
        products = np.asarray(np.einsum(f"{terms}->{everything}", a, b))
        products = np.where(np.abs(products) > LARGEST[a.dtype], np.copysign(np.inf, products), products)
        axes = tuple(range(products.ndim - len(summed), products.ndim))
        kept = ("..." if "..." in equation else "") + "".join(c for c in output if c.isalpha())
        value = np.einsum(f"{kept}->{output}", np.sum(products, axis=axes))
        magnitude = np.einsum(f"{kept}->{output}", np.sum(np.abs(products), axis=axes))
    return np.asarray(value), np.asarray((count + 1) * magnitude)


def finished(value, magnitude, dtype):
    if value.dtype.kind in "iu":
        return value.astype(NAMES[dtype])
    return Bounded(value, magnitude, steps=1)


def matmul(a, b, *, transpose_a, transpose_b, result_dtype, dtypes):
    left = "k" if a.ndim == 1 else "...km" if transpose_a else "...mk"
    right = "k" if b.ndim == 1 else "...nk" if transpose_b else "...kn"
    output = ("..." if a.ndim > 1 or b.ndim > 1 else "") + ("m" if a.ndim > 1 else "") + ("n" if b.ndim > 1 else "")
    return finished(*contract(f"{left},{right}->{output}", a, b), result_dtype or dtypes["a"])


def linear(input, weight, bias, *, dtypes):
    value, magnitude = contract("...k,nk->...n", input, weight)
    if bias is not None:
        value, magnitude = value + bias.astype(value.dtype), magnitude + np.abs(bias) * (input.shape[-1] + 2)
    return finished(value, magnitude, dtypes["input"])


def gemm(a, b, c, *, alpha, beta, transpose_a, transpose_b, dtypes):
    value, magnitude = contract(f"{'km' if transpose_a else 'mk'},{'nk' if transpose_b else 'kn'}->mn", a, b)
    number = value.dtype.type
    if value.dtype.kind == "f":  # rounded once, as the factors in the text
        alpha, beta = (number(np.float64(f) if dtypes["a"] == "f64" else np.float32(f)) for f in (alpha, beta))
    value, magnitude = value * number(alpha), magnitude * abs(alpha) + np.abs(value * number(alpha))
    if c is not None:
        scaled = c.astype(value.dtype) * number(beta)
        value, magnitude = value + scaled, magnitude + 2 * np.abs(value) + 3 * np.abs(scaled)
    return finished(value, magnitude, dtypes["a"])


def einsum(a, b, *, equation, dtypes):
    return finished(*contract(equation, a, b), dtypes["a"])


def dot_general(lhs, rhs, *, lhs_batching_dimensions, rhs_batching_dimensions, lhs_contracting_dimensions, rhs_contracting_dimensions,
                result_dtype, dtypes):
    left, right = [None] * lhs.ndim, [None] * rhs.ndim
    letters = iter(LETTERS)
    batch = ""
    for i, j in zip(lhs_batching_dimensions, rhs_batching_dimensions):
        left[i] = right[j] = next(letters)
        batch += left[i]
    for i, j in zip(lhs_contracting_dimensions, rhs_contracting_dimensions):
        left[i] = right[j] = next(letters)
    free = ""
    for side in (left, right):
        for i, letter in enumerate(side):
            if letter is None:
                side[i] = next(letters)
                free += side[i]
    return finished(*contract(f"{''.join(left)},{''.join(right)}->{batch}{free}", lhs, rhs), result_dtype or dtypes["lhs"])


OPERATORS = {"matmul": matmul, "linear": linear, "gemm": gemm, "einsum": einsum, "dot_general": dot_general}
