"""NumPy: nothing fused, one thread. f32 only: in half types it computes element by element in software."""
import numpy as np
from serving import Prepared, Unsupported, arguments, serve


def log_sum_exp(x, axis):
    top = x.max(axis, keepdims=True)
    return np.squeeze(top, axis) + np.log(np.exp(x - top).sum(axis))


def softmax(x, axis):
    e = np.exp(x - x.max(axis, keepdims=True))
    e /= e.sum(axis, keepdims=True)
    return e


def rms_norm(case):
    x, w = case.array(0), case.array(1)
    n, epsilon = np.float32(x.shape[-1]), np.float32(case.epsilon())

    def norm(x):
        return x * (1 / np.sqrt(np.einsum("ij,ij->i", x, x)[:, None] / n + epsilon)) * w
    if len(case.types) == 2:
        return lambda: (norm(x),)
    residual = case.array(2)

    def add():
        s = x + residual
        return norm(s), s
    return add


REDUCTIONS = {"reduce_sum": np.sum, "reduce_mean": np.mean, "reduce_max": np.max, "reduce_min": np.min, "reduce_prod": np.prod,
              "reduce_variance": np.var, "argmax": np.argmax, "argmin": np.argmin, "reduce_log_sum_exp": log_sum_exp, "softmax": softmax}


def prepare(case):
    if case.dtype != "f32":
        raise Unsupported("only f32 is vectorized")
    if case.op == "rms_norm":
        f = rms_norm(case)
    elif case.op in REDUCTIONS:
        x, axis, function = case.array(0), case.axis(), REDUCTIONS[case.op]
        f = lambda: (function(x, axis),)  # noqa: E731
    else:
        raise Unsupported("no such operator")
    last = []

    def run():
        last[:] = f()
    return Prepared(run, lambda: last)


if __name__ == "__main__":
    if arguments().threads != 1:
        raise SystemExit("NumPy has one thread")
    serve("numpy", np.__version__, prepare)
