"""XLA:CPU through JAX, as a JAX program would say it; XLA fuses as it likes."""
from serving import Prepared, Unsupported, arguments, serve

arguments()  # pins before JAX counts the CPUs
import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402


def rms(x, w, epsilon):
    wide = x.astype(jnp.float32)
    return (wide * jax.lax.rsqrt(jnp.mean(wide * wide, -1, keepdims=True) + epsilon) * w.astype(jnp.float32)).astype(x.dtype)


def wide(function):
    """A reduction in f32, rounded once: what Tenon's operators promise."""
    return lambda x, axis: function(x.astype(jnp.float32), axis).astype(x.dtype)


REDUCTIONS = {"reduce_sum": wide(jnp.sum), "reduce_mean": wide(jnp.mean), "reduce_max": jnp.max, "reduce_min": jnp.min,
              "reduce_prod": wide(jnp.prod), "reduce_variance": wide(jnp.var), "reduce_log_sum_exp": wide(jax.nn.logsumexp),
              "argmax": jnp.argmax, "argmin": jnp.argmin, "softmax": wide(jax.nn.softmax)}


def function_of(case):
    if case.op == "rms_norm":
        epsilon = case.epsilon()
        if len(case.types) == 2:
            return lambda x, w: rms(x, w, epsilon)
        return lambda x, w, r: (rms(x + r, w, epsilon), x + r)
    if case.op in REDUCTIONS:
        return lambda x: REDUCTIONS[case.op](x, case.axis())
    if case.op == "linear":
        return lambda x, w: x @ w.T
    if case.op == "matmul":
        return lambda x, w: x @ w
    if case.op == "scaled_dot_product_attention":
        if set(case.attributes) - {"causal"}:
            raise Unsupported("only causal attention")
        return lambda q, k, v: jax.nn.dot_product_attention(q, k, v, is_causal=case.attributes.get("causal", False))
    raise Unsupported("no such operator")


def prepare(case):
    arrays = [jnp.asarray(array) for array in case.arrays()]
    attention = case.op == "scaled_dot_product_attention"
    if attention:  # JAX has [batch, sequence, heads, size]
        arrays = [jax.block_until_ready(jnp.array(array.transpose(0, 2, 1, 3))) for array in arrays]
    compiled = jax.jit(function_of(case)).lower(*arrays).compile()
    last = []

    def run():
        last[:] = [jax.block_until_ready(compiled(*arrays))]

    def results():
        out = last[0] if isinstance(last[0], tuple) else (last[0],)
        out = [jax.device_get(array) for array in out]
        return [out[0].transpose(0, 2, 1, 3)] if attention else [array.astype("int64") if array.dtype == "int32" else array for array in out]
    return Prepared(run, results)


if __name__ == "__main__":
    serve("xla", "JAX " + jax.__version__, prepare)
