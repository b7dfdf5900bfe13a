"""ONNX's own tests of single operators, as arrays: what each node takes, its attributes, and the answers."""
import warnings
from dataclasses import dataclass

import numpy as np
import onnx
from onnx.backend.test.case.node import collect_testcases

# Operators whose cases are looked at, by subject. Of the others (control flow, sequences, strings, images, losses, training) none is.
FAMILIES = {
    "normalization": "RMSNormalization LayerNormalization GroupNormalization InstanceNormalization LpNormalization BatchNormalization "
                     "MeanVarianceNormalization",
    "attention": "Attention RotaryEmbedding TensorScatter LinearAttention CausalConvWithState",
    "reduction": "ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare "
                 "ArgMax ArgMin Softmax LogSoftmax Hardmax CumSum CumProd TopK",
    "activation": "Gelu Swish Relu LeakyRelu PRelu Elu Celu Selu Sigmoid HardSigmoid HardSwish Softplus Softsign Mish ThresholdedRelu "
                  "Shrink Clip",
    "unary": "Abs Acos Acosh Asin Asinh Atan Atanh BitwiseNot Ceil Cos Cosh Erf Exp Floor Identity IsInf IsNaN Log Neg Not Reciprocal "
             "Round Sign Sin Sinh Sqrt Tan Tanh",
    "binary": "Add Sub Mul Div Mod Pow Max Min Mean Sum And Or Xor BitwiseAnd BitwiseOr BitwiseXor BitShift Equal Greater GreaterOrEqual "
              "Less LessOrEqual Where",
    "contraction": "MatMul Gemm Einsum MatMulInteger QLinearMatMul",
    "index": "Gather GatherElements GatherND Scatter ScatterElements ScatterND Compress NonZero OneHot ReverseSequence",
    "shape": "Slice Split Concat Transpose Pad Trilu Expand Tile Reshape Squeeze Unsqueeze Range Flatten Shape Size ConstantOfShape "
             "EyeLike DepthToSpace SpaceToDepth CenterCropPad",
    "cast": "Cast CastLike BitCast QuantizeLinear DequantizeLinear DynamicQuantizeLinear",
    "convolution": "Conv ConvTranspose ConvInteger QLinearConv Col2Im",
    "pooling": "AveragePool MaxPool LpPool GlobalAveragePool GlobalMaxPool MaxUnpool",
    "resize": "Resize Upsample",
}
FAMILY = {op: family for family, ops in FAMILIES.items() for op in ops.split()}


@dataclass
class NodeCase:
    name: str
    op: str
    opset: int
    inputs: list      # arrays, None where absent
    attributes: dict  # Python values; a tensor is an array
    outputs: list     # arrays, None where the node does not ask for one
    rtol: float
    atol: float


def attribute(proto):
    value = onnx.helper.get_attribute_value(proto)
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, onnx.TensorProto):
        return onnx.numpy_helper.to_array(value)
    return list(value) if proto.type in (onnx.AttributeProto.INTS, onnx.AttributeProto.FLOATS) else value


def array(value):
    """An array of numbers, or None for strings, sequences and optionals."""
    if isinstance(value, onnx.TensorProto):
        value = onnx.numpy_helper.to_array(value)
    if not isinstance(value, (np.ndarray, np.generic)) or np.asarray(value).dtype.kind in "OUS":
        return None
    return np.asarray(value)


def simple_resize(attributes):
    return (attributes.get("mode", "nearest") in ("nearest", "linear") and not attributes.get("antialias", 0)
            and attributes.get("coordinate_transformation_mode", "") != "tf_crop_and_resize")


def node_cases():
    """Sorted by name. Left out: the twins in which a function's body stands for the operator, cubic and antialiased Resize, strings."""
    warnings.filterwarnings("ignore")
    found = []
    for test in collect_testcases(None):
        nodes = test.model.graph.node
        if "_expanded" in test.name or len(nodes) != 1 or test.model.graph.initializer or test.model.functions:
            continue
        node = nodes[0]
        if node.domain or node.op_type not in FAMILY:
            continue
        attributes = {proto.name: attribute(proto) for proto in node.attribute}
        if node.op_type == "Resize" and not simple_resize(attributes):
            continue
        (given, answers), = test.data_sets
        given = dict(zip((value.name for value in test.model.graph.input), given))
        answers = dict(zip((value.name for value in test.model.graph.output), answers))
        arrays = [[array(values[name]) if name in values else None for name in names]
                  for values, names in ((given, node.input), (answers, node.output))]
        if any(name in given and values is None for name, values in zip(node.input, arrays[0])):
            continue
        if any(name in answers and values is None for name, values in zip(node.output, arrays[1])):
            continue
        opset = {entry.domain: entry.version for entry in test.model.opset_import}[""]
        found.append(NodeCase(test.name, node.op_type, opset, *arrays[:1], attributes, arrays[1], test.rtol, test.atol))
    return sorted(found, key=lambda case: case.name)
