"""The graphs that the engines judge: what is in each, its inputs and parameters, and what its texts must or must not say."""
import json
import os
from dataclasses import dataclass, field

import numpy as np
from tensors import DTYPES, FLOATS, write_npy, write_safetensors

# The operators' own cases cover the other dtypes in the plain targets; here every target is run.
NORM_DTYPES = ("f32", "bf16")


@dataclass
class Node:
    name: str
    op: str
    inputs: dict       # operand name -> value
    attributes: dict = field(default_factory=dict)


@dataclass
class Tensor:
    name: str
    dtype: str
    array: np.ndarray
    key: str = ""      # params: the name in the file, where it is another
    first: str = ""    # the first dimension in the graph file, where it is no number


@dataclass
class Case:
    name: str
    inputs: list = field(default_factory=list)
    params: list = field(default_factory=list)
    constants: list = field(default_factory=list)
    nodes: list = field(default_factory=list)
    outputs: list = field(default_factory=list)   # (name, value)
    text: dict = field(default_factory=dict)      # target -> texts that must stand in it; "!text": must not
    skip: dict = field(default_factory=dict)      # engine -> why it cannot run this case

    def leaves(self):
        return [(t.name, t.dtype, t.array) for t in self.inputs + self.params + self.constants]

    def graph(self):
        """The graph file. Flow style: JSON but for infinities and NaN."""
        lines = ["tenon: 1", f"name: {''.join(c if c.isalnum() else '_' for c in self.name)}"]

        def section(title, rows):
            if rows:
                lines.append(f"{title}:")
                lines.extend("- {" + ", ".join(f"{k}: {flow(v)}" for k, v in row.items()) + "}" for row in rows)

        section("inputs", [{"name": t.name, "dtype": t.dtype, "shape": ([t.first] if t.first else list(t.array.shape[:1])) + list(t.array.shape[1:])}
                           for t in self.inputs])
        section("params", [{"name": t.key or t.name, **({"as": t.name} if t.key else {}), "dtype": t.dtype, "shape": list(t.array.shape)}
                           for t in self.params])
        section("constants", [{"name": t.name, "dtype": t.dtype, "shape": list(t.array.shape), "value": plain(t.array)}
                              for t in self.constants])
        section("nodes", [{"name": n.name, "op": n.op, "inputs": n.inputs, **({"attributes": n.attributes} if n.attributes else {})}
                          for n in self.nodes])
        section("outputs", [{"name": name, "value": value} for name, value in self.outputs])
        return "\n".join(lines) + "\n"

    def write(self, folder):
        """graph.yaml, one .npy per input and, if there are parameters, one safetensors file."""
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "graph.yaml"), "w", encoding="utf-8") as file:
            file.write(self.graph())
        for tensor in self.inputs + self.params:
            write_npy(os.path.join(folder, tensor.name + ".npy"), tensor.array, tensor.dtype)
        if self.params:
            write_safetensors(os.path.join(folder, "weights.safetensors"), {t.key or t.name: (t.array, t.dtype) for t in self.params})


def plain(array):
    """Nested lists of Python numbers."""
    if array.dtype == np.bool_:
        return array.tolist()
    if array.dtype.name.endswith("int4"):  # ml_dtypes' own, which NumPy does not count as integers
        return array.astype(np.int64).tolist()
    return array.astype(np.float64 if array.dtype.kind not in "iu" else array.dtype).tolist()


def flow(value):
    """A YAML flow value."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(flow(v) for v in value) + "]"
    if value is None:
        return "~"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not np.isfinite(value):
        return ".nan" if np.isnan(value) else ".inf" if value > 0 else "-.inf"
    return json.dumps(value) if isinstance(value, str) else repr(value)


class Draw:
    """Random tensors, the same in every run for the same case."""

    def __init__(self, name):
        self.generator = np.random.default_rng(list(name.encode()))

    def normal(self, dtype, shape, scale=1.0, offset=0.0):
        return (self.generator.standard_normal(shape) * scale + offset).astype(DTYPES[dtype])

    def uniform(self, dtype, shape, low=0.0, high=1.0):
        return self.generator.uniform(low, high, shape).astype(DTYPES[dtype])

    def integers(self, dtype, shape):
        info = np.iinfo(DTYPES[dtype])
        return self.generator.integers(info.min, info.max, shape, dtype=DTYPES[dtype], endpoint=True)


# Values of one input: name -> function(draw, dtype, shape).
def mixed_magnitudes(draw, dtype, shape):
    return (draw.normal("f64", shape) * np.exp2(draw.uniform("f64", shape, -6, 6))).astype(DTYPES[dtype])


def f16_large(draw, dtype, shape):
    """|x| near f16's largest number: x * x is infinite in f16."""
    return (60000 * np.sign(draw.normal("f64", shape)) * draw.uniform("f64", shape, 0.9, 1.05)).astype(DTYPES[dtype])


def huge(draw, dtype, shape):
    """Large, but with squares and their sum inside the range of the type of computation."""
    return draw.normal(dtype, shape, {"f16": 1e4, "bf16": 1e17, "f32": 1e17, "f64": 1e150}[dtype])


def overflowing(draw, dtype, shape):
    """Squares leave the range: the mean is infinite, the result 0."""
    return draw.uniform(dtype, shape, 1, 2) * DTYPES[dtype].type({"bf16": 1e25, "f32": 1e25, "f64": 1e200}[dtype])


def tiny(draw, dtype, shape):
    """Squares far below epsilon, and below the range for most types."""
    return draw.normal(dtype, shape, {"f16": 1e-4, "bf16": 1e-30, "f32": 1e-30, "f64": 1e-200}[dtype])


def subnormal(draw, dtype, shape):
    return draw.uniform(dtype, shape, 1, 9) * DTYPES[dtype].type({"f16": 1e-7, "bf16": 1e-39, "f32": 1e-40, "f64": 1e-310}[dtype])


def zeros(draw, dtype, shape):
    del draw
    return np.zeros(shape, DTYPES[dtype])


def special(draw, dtype, shape):
    """Rows with NaN, infinities of one and of both signs, -0, and one plain row."""
    array = draw.normal(dtype, shape)
    array[0, 1], array[1, 2] = np.nan, np.inf
    array[2, 0], array[2, 3] = -np.inf, np.inf
    array[3, :] = 0
    array[3, 0] = -0.0
    return array


def one_norm(name, dtype, shape, values=None, scale=None, residual=False, multiplicand=None, **attributes):
    """A graph of one rms_norm. scale: None, "same" or "f32"; multiplicand: its shape."""
    draw = Draw(name)
    draw_input = values or (lambda d, t, s: d.normal(t, s))
    case = Case(name, inputs=[Tensor("x", dtype, draw_input(draw, dtype, shape))], outputs=[("y", "norm")])
    operands = {"input": "x"}
    if "normalized_shape" in attributes:
        sizes = list(attributes["normalized_shape"])
    else:
        sizes = [shape[attributes.get("axis", attributes.get("dim", -1))]]
    if scale:
        kind = dtype if scale == "same" else "f32"
        case.inputs.append(Tensor("w", kind, draw.normal(kind, sizes, 0.5, 1.0)))
        operands["scale"] = "w"
    if residual:
        case.inputs.append(Tensor("r", dtype, draw.normal(dtype, shape)))
        operands["residual"] = "r"
        case.outputs.append(("sum", "norm:sum"))
    if multiplicand is not None:
        case.inputs.append(Tensor("m", dtype, draw.normal(dtype, multiplicand)))
        operands["multiplicand"] = "m"
    case.nodes = [Node("norm", "rms_norm", operands, attributes)]
    plain_form = scale and not residual and multiplicand is None and "axis" not in attributes and "normalized_shape" not in attributes
    if plain_form and not attributes.get("unit_offset") and dtype != "f64":
        case.text["custom-call"] = ["@ai_edge_torch.rms_norm", "EPSILON"]
    return case


def norm_cases():
    for dtype in NORM_DTYPES:
        def norm(name, shape, dtype=dtype, **options):
            return one_norm(f"rms_norm-{name}-{dtype}", dtype, shape, **options)

        yield norm("plain", [3, 64])
        yield norm("scaled", [4, 640], scale="same", epsilon=1e-5)
        yield norm("everything", [2, 5, 67], scale="same", residual=True, multiplicand=[2, 1, 67], epsilon=1e-5, unit_offset=True)
        yield norm("residual", [4, 72], residual=True)
        yield norm("unit_offset", [2, 3, 40], scale="same", unit_offset=True)
        yield norm("first_axis", [31, 5], scale="same", axis=0)
        yield norm("two_dimensions", [2, 3, 17], scale="same", multiplicand=[3, 1], normalized_shape=[3, 17])
        yield norm("special", [5, 16], values=special, scale="same")
        yield norm("huge", [3, 48], values=huge, scale="same")
        yield norm("tiny", [3, 48], values=tiny, scale="same")
        yield norm("subnormal", [2, 24], values=subnormal)
        yield norm("mixed", [3, 257], values=mixed_magnitudes, scale="same")
        # 1e-3 under values of 1e-2 halves the result that 1e-6 gives: an epsilon that is lost or fixed is seen.
        yield norm("epsilon_1e-3", [3, 40], values=lambda d, t, s: d.normal(t, s, 1e-2), scale="same", epsilon=1e-3)
        yield norm("epsilon_1e-6", [3, 40], values=lambda d, t, s: d.normal(t, s, 1e-2), scale="same", epsilon=1e-6)
        if dtype != "f32":
            yield norm("scale_f32", [3, 96], scale="f32")
        if dtype in ("f16", "bf16"):
            yield norm("unit_offset_scale_f32", [2, 40], scale="f32", unit_offset=True)
        if dtype != "f16":
            yield norm("overflow", [2, 12], values=overflowing)
    for dtype in ("f32", "bf16"):
        def norm(name, shape, dtype=dtype, **options):
            return one_norm(f"rms_norm-{name}-{dtype}", dtype, shape, **options)

        yield norm("multiplicand", [4, 72], multiplicand=[4, 72])
        yield norm("multiplicand_of_rows", [4, 72], scale="same", multiplicand=[4, 1])
        yield norm("multiplicand_of_columns", [2, 4, 72], multiplicand=[72])
        yield norm("multiplicand_scalar", [2, 4, 72], multiplicand=[])
        yield norm("middle_axis", [3, 33, 7], scale="same", residual=True, multiplicand=[7], axis=1)
        yield norm("last_axis_by_number", [3, 33], axis=1)
        yield norm("rank_1", [129], scale="same")
        yield norm("rank_4", [2, 3, 5, 32], scale="same")
        yield norm("all_dimensions", [2, 3, 17], scale="same", normalized_shape=[2, 3, 17])
        yield norm("one_element", [1, 1], scale="same")
        yield norm("one_column", [7, 1])
        yield norm("prime", [3, 641], scale="same", residual=True)
        yield norm("long", [1, 4096], scale="same")
        yield norm("no_rows", [0, 64], scale="same")
        yield norm("no_rows_with_residual", [2, 0, 8], residual=True)
        yield norm("zeros", [2, 9], values=zeros)
    yield one_norm("rms_norm-above_255-f16", "f16", [3, 64], values=lambda d, t, s: d.normal(t, s, 1000.0), scale="same")
    yield one_norm("rms_norm-near_65504-f16", "f16", [3, 64], values=f16_large, scale="same")


def one_reduce(name, op, dtype, shape, values=None, **attributes):
    draw = Draw(name)
    if values:
        array = values(draw, dtype, shape)
    elif dtype in FLOATS:
        array = draw.normal(dtype, shape)
    else:
        array = draw.integers(dtype, shape)
    case = Case(name, inputs=[Tensor("x", dtype, array)], outputs=[("y", "reduced")])
    case.nodes = [Node("reduced", op, {"input": "x"}, attributes)]
    if attributes.get("empty_axes") != "none" and shape:
        case.text["reduction-calls"] = [f"custom_call @{op}(", "dimensions = [", f"keepdim = {str(attributes.get('keepdims', False)).lower()}"]
    return case


def reduction_cases():
    for op in ("reduce_sum", "reduce_mean"):
        for dtype in ("f32", "bf16") + (("i32",) if op == "reduce_sum" else ()):
            def reduce(name, shape, op=op, dtype=dtype, **options):
                return one_reduce(f"{op}-{name}-{dtype}", op, dtype, shape, **options)

            yield reduce("last", [4, 33], axes=[-1])
            yield reduce("first_keepdims", [5, 7], axes=[0], keepdims=True)
            yield reduce("several", [2, 3, 4, 5], axes=[0, 2])
            yield reduce("all", [3, 11])
            if dtype in ("f32", "bf16", "i32"):
                yield reduce("middle", [3, 8, 5], axes=[1])
                yield reduce("middle_negative_keepdims", [3, 8, 5], axes=[-2], keepdims=True)
                yield reduce("all_keepdims", [3, 11], keepdims=True)
                yield reduce("several_keepdims", [2, 3, 4, 5], axes=[-1, 1], keepdims=True)
                yield reduce("none", [2, 3], axes=[], empty_axes="none")
                yield reduce("one_element", [1], axes=[0])
                yield reduce("scalar", [])
                yield reduce("no_rows", [0, 5], axes=[-1])
            if dtype in ("f16", "bf16"):
                # A narrow accumulator stops counting at 2048 (f16) or 256 (bf16).
                yield reduce("ones", [2, 4096], values=lambda d, t, s: np.ones(s, DTYPES[t]), axes=[1])
                yield reduce("positive", [2, 4096], values=lambda d, t, s: d.uniform(t, s), axes=[1])
            if dtype in ("f32", "f16", "bf16", "f64"):
                yield reduce("special", [5, 16], values=special, axes=[1])
    for dtype in ("f32", "bf16", "i32"):
        yield one_reduce(f"reduce_sum-of_nothing-{dtype}", "reduce_sum", dtype, [3, 0], axes=[1])
    yield one_reduce("reduce_sum-overflow-f16", "reduce_sum", "f16", [2, 64], values=f16_large, axes=[1])


def graph_cases():
    for dtype in ("f32", "bf16"):
        draw = Draw("graph " + dtype)
        x, r, w0, w1 = (draw.normal(dtype, s, 1.0, o) for s, o in (([4, 96], 0), ([4, 96], 0), ([96], 1), ([96], 1)))
        yield Case(f"graph-two_norms-{dtype}", inputs=[Tensor("x", dtype, x)],
                   params=[Tensor("w0", dtype, w0, "blk.0.norm.weight"), Tensor("w1", dtype, w1, "blk.1.norm.weight")],
                   nodes=[Node("second", "rms_norm", {"input": "first", "scale": "w1"}, {"epsilon": 1e-5}),
                          Node("first", "rms_norm", {"input": "x", "scale": "w0"}, {"epsilon": 1e-5})],
                   outputs=[("y", "second")],
                   text={"stablehlo": ['tenon.param = "blk.0.norm.weight"', 'tenon.param = "blk.1.norm.weight"'],
                         "iree": ['"model"::"blk.0.norm.weight"', '"model"::"blk.1.norm.weight"', "util.global"],
                         "litert": ['composite "odml.rms_norm"', "epsilon = ", "!tenon.param"]})
        # Both results of a norm are read twice: by another norm, a reduction, and as outputs.
        yield Case(f"graph-results_used_twice-{dtype}", inputs=[Tensor("x", dtype, x), Tensor("r", dtype, r)],
                   params=[Tensor("w", dtype, w0)],
                   nodes=[Node("a", "rms_norm", {"input": "x", "scale": "w", "residual": "r"}, {"epsilon": 1e-6}),
                          Node("b", "rms_norm", {"input": "a:output", "scale": "w", "residual": "a:sum"}, {"epsilon": 1e-6}),
                          Node("c", "reduce_mean", {"input": "a:sum"}, {"axes": [-1], "keepdims": True})],
                   outputs=[("norm", "a"), ("stream", "a:1"), ("deep", "b:0"), ("deep_stream", "b:sum"), ("mean", "c")])
        yield Case(f"graph-input_as_output-{dtype}", inputs=[Tensor("x", dtype, x), Tensor("w", dtype, w0)],
                   nodes=[Node("n", "rms_norm", {"input": "x", "scale": "w"})],
                   outputs=[("y", "n"), ("same", "x"), ("again", "n")])
        yield Case(f"graph-param_as_output-{dtype}", inputs=[Tensor("x", dtype, x)], params=[Tensor("w", dtype, w0, "weight/with space")],
                   nodes=[Node("s", "reduce_sum", {"input": "x"}, {"axes": 1})], outputs=[("w_out", "w"), ("s", "s")])
        yield Case(f"graph-constant_scale-{dtype}", inputs=[Tensor("x", dtype, x[:, :5])],
                   constants=[Tensor("w", dtype, np.array([0.5, -1.25, 2.0, 1.0, 3.0]).astype(DTYPES[dtype]))],
                   nodes=[Node("n", "rms_norm", {"input": "x", "scale": "w"}, {"epsilon": 1e-5})], outputs=[("y", "n")],
                   text={"litert": ['composite "odml.rms_norm"', "EPSILON"]})
    # The first argument is the input, then come the parameters in the file's order, whatever the nodes' order is.
    draw = Draw("order")
    yield Case("graph-params_in_order-f32", inputs=[Tensor("x", "f32", draw.normal("f32", [2, 8]))],
               params=[Tensor(n, "f32", draw.normal("f32", [8])) for n in ("z", "b", "m")],
               nodes=[Node("n1", "rms_norm", {"input": "x", "scale": "m"}), Node("n2", "rms_norm", {"input": "n1", "scale": "b"}),
                      Node("n3", "rms_norm", {"input": "n2", "scale": "z"})],
               outputs=[("y", "n3")])


def constant_cases():
    """Constants that are outputs: every bit must arrive, infinities and NaN too."""
    for dtype in ("f8e4m3fn", "f8e5m2", "f16", "bf16", "f32", "f64"):
        values = [0.0, -0.0, 1.0, -1.5, 0.375, np.nan] + ([np.inf, -np.inf] if dtype != "f8e4m3fn" else [448.0, -448.0])
        if not dtype.startswith("f8"):
            values += [float(np.float64(DTYPES[dtype].type(v))) for v in (1 / 3, 1e-6, 3.14159, 1e4)]
        array = np.array(values).astype(DTYPES[dtype])
        yield Case(f"constant-{dtype}", inputs=[Tensor("x", "f32", np.ones([2], np.float32))],
                   constants=[Tensor("k", dtype, array), Tensor("scalar", dtype, array[3]), Tensor("inf", dtype, array[6]),
                              Tensor("nan", dtype, array[5]), Tensor("table", dtype, array[:6].reshape(2, 1, 3))],
                   outputs=[("x", "x"), ("k", "k"), ("scalar", "scalar"), ("inf", "inf"), ("nan", "nan"), ("table", "table")])
    for dtype in ("i8", "i16", "i32", "i64", "ui8", "ui16", "ui32", "ui64", "i4", "ui4"):
        low, high = (-8, 7) if dtype == "i4" else (0, 15) if dtype == "ui4" else (np.iinfo(DTYPES[dtype]).min, np.iinfo(DTYPES[dtype]).max)
        array = np.array([low, high, 0, 1, 3], dtype=object).astype(np.int64 if dtype != "ui64" else np.uint64).astype(DTYPES[dtype])
        yield Case(f"constant-{dtype}", inputs=[Tensor("x", "f32", np.ones([2], np.float32))],
                   constants=[Tensor("k", dtype, array), Tensor("top", dtype, array[1])],
                   outputs=[("k", "k"), ("top", "top"), ("x", "x")],
                   skip={"iree": f"IREE's runtime passes no {dtype}"} if dtype in ("i4", "ui4") else {})
    flags = np.array([[True, False, True], [False, False, True]])
    yield Case("constant-i1", inputs=[Tensor("x", "f32", np.ones([2], np.float32)), Tensor("p", "i1", flags)],
               constants=[Tensor("k", "i1", flags), Tensor("yes", "i1", np.array(True)), Tensor("no", "i1", np.array(False)),
                          Tensor("long", "i1", np.arange(19) % 3 == 0)],
               outputs=[("k", "k"), ("yes", "yes"), ("no", "no"), ("p", "p"), ("long", "long"), ("x", "x")])


def all_cases():
    cases = [*norm_cases(), *reduction_cases(), *graph_cases(), *constant_cases()]
    names = [case.name for case in cases]
    assert len(names) == len(set(names)), "two cases of one name"
    return cases
