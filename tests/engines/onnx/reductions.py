"""Reductions, softmax, cumulative sums, top k."""
from program import Skip, translates

REDUCE = {"ReduceL1": "reduce_l1", "ReduceL2": "reduce_l2", "ReduceLogSum": "reduce_log_sum", "ReduceLogSumExp": "reduce_log_sum_exp",
          "ReduceMax": "reduce_max", "ReduceMean": "reduce_mean", "ReduceMin": "reduce_min", "ReduceProd": "reduce_prod",
          "ReduceSum": "reduce_sum", "ReduceSumSquare": "reduce_sum_square"}


@translates(*REDUCE)
def reduce(p):
    op = REDUCE[p.case.op]
    if p.dtype() == "i1":
        op = {"ReduceMax": "reduce_any", "ReduceMin": "reduce_all"}[p.case.op]
    axes = p.ints(1) if len(p.case.inputs) > 1 else p.attr("axes")
    p.out(p.node(op, p.x(0), axes=axes or [], keepdims=bool(p.attr("keepdims", 1)),
                 empty_axes="none" if p.attr("noop_with_empty_axes", 0) else "all"))


@translates("ArgMax", "ArgMin")
def arg(p):
    p.out(p.node(p.case.op.lower(), p.x(0), axis=p.attr("axis", 0), keepdims=bool(p.attr("keepdims", 1)),
                 select_last=bool(p.attr("select_last_index", 0))))


@translates("Softmax", "LogSoftmax")
def softmax(p):
    p.out(p.node("softmax" if p.case.op == "Softmax" else "log_softmax", p.x(0), axis=p.attr("axis", -1)))


@translates("Hardmax")
def hardmax(p):
    axis = p.attr("axis", -1)
    first = p.node("argmax", p.x(0), axis=axis)
    p.out(p.node("one_hot", first, depth=p.shape()[axis], axis=axis, dtype=p.dtype()))


@translates("CumSum")
def cumsum(p):
    p.out(p.node("cumsum", p.x(0), axis=p.ints(1)[0], exclusive=bool(p.attr("exclusive", 0)), reverse=bool(p.attr("reverse", 0))))


@translates("CumProd")
def cumprod(p):
    raise Skip("no operator for cumulative products")


@translates("TopK")
def top_k(p):
    top = p.node("top_k", p.x(0), k=p.ints(1)[0], axis=p.attr("axis", -1), largest=bool(p.attr("largest", 1)))
    p.out(top + ":0", top + ":1")
