"""Normalization, attention, position embeddings, caches."""
import numpy as np
from program import Skip, translates


@translates("RMSNormalization")
def rms_norm(p):
    axis = p.attr("axis", -1) % p.array(0).ndim
    p.out(p.node("rms_norm", p.x(0), p.x(1), normalized_shape=p.shape()[axis:], epsilon=p.attr("epsilon", 1e-5)))


@translates("LayerNormalization")
def layer_norm(p):
    rank, epsilon = p.array(0).ndim, p.attr("epsilon", 1e-5)
    axis = p.attr("axis", -1) % rank
    y = p.node("layer_norm", p.x(0), p.x(1), p.x(2), normalized_shape=p.shape()[axis:], epsilon=epsilon)
    mean = inverse = None
    if p.wanted(1):
        mean = p.node("reduce_mean", p.x(0), axes=list(range(axis, rank)), keepdims=True)
    if p.wanted(2):
        variance = p.node("reduce_variance", p.x(0), axes=list(range(axis, rank)), keepdims=True)
        inverse = p.node("rsqrt", p.node("add", variance, p.constant(epsilon, p.dtype())))
    p.out(y, mean, inverse)


@translates("GroupNormalization", "InstanceNormalization")
def group_norm(p):
    groups = p.attr("num_groups", p.shape()[1])
    p.out(p.node("group_norm", p.x(0), p.x(1), p.x(2), num_groups=groups, epsilon=p.attr("epsilon", 1e-5)))


@translates("LpNormalization")
def lp_norm(p):
    axis = p.attr("axis", -1)
    if p.attr("p", 2) == 2:
        return p.out(p.node("l2_norm", p.x(0), axis=axis))
    norm = p.node("reduce_l1", p.x(0), axes=[axis], keepdims=True)
    zero = p.node("equal", norm, p.constant(0, p.dtype()))  # 0 / 0 is 0 here
    p.out(p.node("divide", p.x(0), p.node("where", zero, p.constant(1, p.dtype()), norm)))


@translates("BatchNormalization")
def batch_norm(p):
    epsilon = p.attr("epsilon", 1e-5)
    if not p.attr("training_mode", 0):
        return p.out(p.node("batch_norm", *(p.x(i) for i in range(5)), epsilon=epsilon))
    axes = [i for i in range(p.array(0).ndim) if i != 1]
    momentum = p.attr("momentum", 0.9)
    mean, variance = (p.node(op, p.x(0), axes=axes) for op in ("reduce_mean", "reduce_variance"))

    def running(old, new):
        kept = p.node("multiply", old, p.constant(momentum, p.dtype()))
        return p.node("add", kept, p.node("multiply", new, p.constant(1 - momentum, p.dtype())))

    p.out(p.node("batch_norm", p.x(0), p.x(1), p.x(2), mean, variance, epsilon=epsilon), running(p.x(3), mean), running(p.x(4), variance))


@translates("MeanVarianceNormalization")
def mean_variance(p):
    axes = p.attr("axes", [0, 2, 3])
    mean = p.node("reduce_mean", p.x(0), axes=axes, keepdims=True)
    deviation = p.node("reduce_std", p.x(0), axes=axes, keepdims=True)
    p.out(p.node("divide", p.node("subtract", p.x(0), mean), p.node("add", deviation, p.constant(1e-9, p.dtype()))))


@translates("RotaryEmbedding")
def rotary(p):
    shape, value = p.shape(), p.x(0)
    layout = {"layout": "bnsh"}
    if len(shape) == 3:
        heads = p.attr("num_heads")
        value = p.reshape(value, [shape[0], shape[1], heads, shape[2] // heads])
        layout = {"layout": "bsnh"}
    cos, sin = p.x(1), p.x(2)
    if p.array(3) is not None:
        cos, sin = (p.node("gather", table, p.x(3), axis=0) for table in (cos, sin))
    value = p.node("rope", value, None, cos, sin, interleaved=bool(p.attr("interleaved", 0)),
                   rotary_dim=p.attr("rotary_embedding_dim", 0) or None, **layout)
    p.out(p.reshape(value, shape) if len(shape) == 3 else value)


@translates("TensorScatter")
def tensor_scatter(p):
    """A cache of any rank is one of rank 4 with its sizes put together: [batch, .., rows, ..]."""
    shape, update, axis = p.shape(0), p.shape(1), p.attr("axis", -2) % p.array(0).ndim
    middle = lambda s: [s[0], int(np.prod(s[1:axis])), s[axis], int(np.prod(s[axis + 1:]))]
    start = p.x(2) if p.array(2) is not None else p.constant(0, "i64")
    cache = p.node("kv_cache_update", p.reshape(p.x(0), middle(shape)), p.reshape(p.x(1), middle(update)), start,
                   mode="ring" if p.attr("mode", "linear") == "circular" else "linear")
    p.out(p.reshape(cache, shape))


@translates("LinearAttention")
def linear_attention(p):
    raise Skip("no operator for linear attention")


@translates("CausalConvWithState")
def causal_conv(p):
    raise Skip("no operator for a causal convolution with state")


class Heads:
    """Query, key and value of an Attention node as [B, N, S, D], the cache in front."""

    def __init__(self, p):
        self.q, self.k, self.v = p.x(0), p.x(1), p.x(2)
        shapes = [p.shape(i) for i in range(3)]
        if len(shapes[0]) == 3:
            counts = [p.attr("q_num_heads"), p.attr("kv_num_heads"), p.attr("kv_num_heads")]
            values = []
            for value, (b, s, width), n in zip((self.q, self.k, self.v), shapes, counts):
                values.append(p.node("permute", p.reshape(value, [b, s, n, width // n]), permutation=[0, 2, 1, 3]))
            self.q, self.k, self.v = values
            shapes = [[b, n, s, width // n] for (b, s, width), n in zip(shapes, counts)]
        self.past = 0
        if p.array(4) is not None:
            self.past = p.shape(4)[2]
            self.k = p.node("concat", p.x(4), self.k, axis=2)
            self.v = p.node("concat", p.x(5), self.v, axis=2)
        (self.batch, self.heads, self.queries, self.size), (_, self.kv_heads, new, _), (*_, self.value_size) = shapes
        self.keys = self.past + new


def additive_mask(p, h):
    """The mask operand with as many columns as there are keys: what ONNX leaves out may not be attended."""
    if p.array(3) is None:
        return None
    mask, shape = p.x(3), p.shape(3)
    missing = h.keys - shape[-1]
    if missing > 0:
        never = 0 if p.dtype(3) == "i1" else -np.inf
        fill = p.constant(np.full(shape[:-1] + [missing], never), p.dtype(3))
        mask = p.node("concat", mask, fill, axis=-1)
    return mask


@translates("Attention")
def attention(p):
    h = Heads(p)
    causal = bool(p.attr("is_causal", 0))
    alignment = "top_left" if h.past == 0 else "bottom_right"
    mask = additive_mask(p, h)
    if causal and h.past and h.keys - h.past != h.queries:
        # Query i sees keys up to i + past, which is neither alignment.
        seen = np.arange(h.keys)[None, :] <= np.arange(h.queries)[:, None] + h.past
        if mask is None:
            mask = p.constant(seen, "i1")
        elif p.dtype(3) == "i1":
            mask = p.node("and", mask, p.constant(seen, "i1"))
        else:
            mask = p.node("add", mask, p.constant(np.where(seen, 0, -np.inf), p.dtype(3)))
        causal = False
    lengths, softcap, scale = p.x(6), p.attr("softcap", 0.0), p.attr("scale")
    y = p.node("scaled_dot_product_attention", h.q, h.k, h.v, mask, lengths, scale=scale, causal=causal,
               causal_alignment=alignment if causal else None, softcap=softcap or None)
    if len(p.shape(0)) == 3:
        y = p.reshape(p.node("permute", y, permutation=[0, 2, 1, 3]), [h.batch, h.queries, h.heads * h.value_size])
    present = [h.k, h.v] if p.wanted(1) else [None, None]
    present = [p.node("identity", x) if x is not None and x.startswith("in") else x for x in present]
    p.out(y, *present, scores(p, h, mask, causal, alignment, softcap, scale) if p.wanted(3) else None)


def scores(p, h, mask, causal, alignment, softcap, scale):
    """The fourth result: products (mode 0), after softcap (1), after the mask (2), weights (3)."""
    mode = p.attr("qk_matmul_output_mode", 0)
    k = h.k if h.heads == h.kv_heads else p.node("repeat_interleave", h.k, axis=1, repeats=h.heads // h.kv_heads)
    value = p.node("matmul", h.q, k, transpose_b=True)
    value = p.node("multiply", value, p.constant(1 / np.sqrt(h.size) if scale is None else scale, p.dtype()))
    if mode >= 1 and softcap:
        value = p.node("softcap", value, cap=softcap)
    if mode >= 2:
        if mask is not None and (p.array(3) is None or p.dtype(3) == "i1"):
            value = p.node("where", mask, value, p.constant(-np.inf, p.dtype()))
        elif mask is not None:
            value = p.node("add", value, mask)
        if causal:
            first = 0 if alignment == "top_left" else h.keys - h.queries
            seen = np.arange(h.keys)[None, :] <= np.arange(h.queries)[:, None] + first
            value = p.node("where", p.constant(seen, "i1"), value, p.constant(-np.inf, p.dtype()))
    return p.node("softmax", value, axis=-1) if mode == 3 else value
