"""ONNX Runtime's CPU provider: one node per graph, inputs and outputs bound once. Weights of products are constants, so that they may be
packed beforehand. Of
its two attention operators, the standard's and GroupQueryAttention, each case takes the one that is faster here."""
import ml_dtypes
import numpy as np
import onnxruntime
from onnx import TensorProto, helper
from serving import Prepared, Unsupported, arguments, sample, serve

ELEMENT = {np.dtype(np.float32): TensorProto.FLOAT, np.dtype(np.float16): TensorProto.FLOAT16, np.dtype(ml_dtypes.bfloat16): TensorProto.BFLOAT16,
           np.dtype(np.int32): TensorProto.INT32, np.dtype(np.int64): TensorProto.INT64}
REDUCTIONS = {"reduce_sum": "ReduceSum", "reduce_mean": "ReduceMean", "reduce_max": "ReduceMax", "reduce_min": "ReduceMin",
              "reduce_prod": "ReduceProd", "reduce_log_sum_exp": "ReduceLogSumExp"}
options = onnxruntime.SessionOptions()


def session(op, inputs, outputs, domain="", constants=(), skipped=(), shared=None, **attributes):
    """A bound session: inputs are arrays by name, outputs arrays to write to (skipped: empty names among them). shared: an output that
    lives in an input's memory."""
    def info(name, array):
        return helper.make_tensor_value_info(name, ELEMENT[array.dtype], array.shape)
    names = [("" if name in skipped else name) for name in outputs]
    node = helper.make_node(op, list(inputs), names, domain=domain, **attributes)
    weights = [helper.make_tensor(n, ELEMENT[inputs[n].dtype], inputs[n].shape, inputs[n].tobytes(), raw=True) for n in constants]
    graph = helper.make_graph([node], "g", [info(n, a) for n, a in inputs.items() if n not in constants],
                              [info(n, a) for n, a in outputs.items() if n not in skipped], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 23), helper.make_opsetid("com.microsoft", 1)], ir_version=10)
    loaded = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    binding = loaded.io_binding()
    for name, array in inputs.items():
        if name not in constants:
            binding.bind_input(name, "cpu", 0, ELEMENT[array.dtype], array.shape, array.ctypes.data)
    for name, array in outputs.items():
        if name not in skipped:
            memory = inputs[shared[name]] if shared and name in shared else array
            binding.bind_output(name, "cpu", 0, ELEMENT[array.dtype], array.shape, memory.ctypes.data)
    held = (inputs, outputs)  # the binding knows only addresses
    return lambda: held and loaded.run_with_iobinding(binding)


def standard_attention(case):
    q, k, v = case.arrays()
    y = np.zeros_like(q)
    run = session("Attention", {"q": q, "k": k, "v": v}, {"y": y}, is_causal=int(case.attributes.get("causal", False)))
    return Prepared(run, lambda: [y])


def group_query_attention(case):
    """[batch, sequence, heads * size]; the last key and value are new, the others its cache, written in place."""
    q, k, v = case.arrays()
    _, heads, rows, size = q.shape
    kv_heads, keys = k.shape[1:3]

    def packed(array):
        return np.ascontiguousarray(array.transpose(0, 2, 1, 3)).reshape(1, array.shape[2], -1)
    y = np.zeros((1, rows, heads * size), q.dtype)
    past = 0 if rows == keys else keys - 1
    if rows not in (keys, 1):
        raise Unsupported("neither prefill nor decode")
    inputs = {"q": packed(q), "k": packed(k[:, :, past:]), "v": packed(v[:, :, past:])}
    inputs["past_k"] = k.copy() if past else k[:, :, :0].copy()
    inputs["past_v"] = v.copy() if past else v[:, :, :0].copy()
    inputs["last"], inputs["total"] = np.array([keys - 1], np.int32), np.array([keys], np.int32)
    outputs = {"y": y, "new_k": np.zeros_like(k), "new_v": np.zeros_like(v)}
    run = session("GroupQueryAttention", inputs, outputs, domain="com.microsoft", num_heads=heads, kv_num_heads=kv_heads,
                  shared={"new_k": "past_k", "new_v": "past_v"} if past else None)
    return Prepared(run, lambda: [y.reshape(1, rows, heads, size).transpose(0, 2, 1, 3)])


def attention(case):
    if set(case.attributes) - {"causal"}:
        raise Unsupported("only causal attention")
    timed, why = [], None
    for make in (group_query_attention, standard_attention):
        try:
            prepared = make(case)
            timed.append((sample(prepared.run, 0.02)[0], len(timed), prepared))
        except Exception as error:  # not of this dtype, or this number of heads: the other one may be
            why = error
    if not timed:
        raise why
    return min(timed)[2]


def prepare(case):
    if case.op == "scaled_dot_product_attention":
        return attention(case)
    arrays = case.arrays()
    y = np.zeros(case.result_types[0][1], arrays[0].dtype)
    if case.op == "rms_norm" and len(arrays) == 2:
        run = session("RMSNormalization", {"x": arrays[0], "w": arrays[1]}, {"y": y}, axis=-1, epsilon=case.epsilon())
    elif case.op == "rms_norm":
        s = np.zeros_like(arrays[0])
        inputs = {"x": arrays[0][None], "r": arrays[2][None], "w": arrays[1]}
        run = session("SkipSimplifiedLayerNormalization", inputs, {"y": y[None], "mean": y, "root": y, "sum": s[None]}, domain="com.microsoft",
                      skipped=("mean", "root"), epsilon=case.epsilon())
        return Prepared(run, lambda: [y, s])
    elif case.op == "softmax":
        run = session("Softmax", {"x": arrays[0]}, {"y": y}, axis=case.axis())
    elif case.op in ("argmax", "argmin"):
        y = np.zeros(case.result_types[0][1], np.int64)
        run = session({"argmax": "ArgMax", "argmin": "ArgMin"}[case.op], {"x": arrays[0]}, {"y": y}, axis=case.axis(), keepdims=0)
    elif case.op in REDUCTIONS:
        inputs = {"x": arrays[0], "axes": np.array([case.axis()], np.int64)}
        run = session(REDUCTIONS[case.op], inputs, {"y": y}, constants=("axes",), keepdims=0)
    elif case.op in ("linear", "matmul"):
        w = np.ascontiguousarray(arrays[1].T) if case.op == "linear" else arrays[1]
        run = session("MatMul", {"x": arrays[0], "w": w}, {"y": y}, constants=("w",))
    else:
        raise Unsupported("no such operator")
    return Prepared(run, lambda: [y])


if __name__ == "__main__":
    options.intra_op_num_threads = arguments().threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    serve("onnxruntime", onnxruntime.__version__, prepare)
