"""Checks of the judges themselves: each must refuse a wrong text and find a wrong value. A judge that cannot fail proves nothing."""
import os
import re

import numpy as np
import texts
from cases import one_norm
from engines import ENVIRONMENT, ask_all
from reference import MACHINES, difference, evaluate, ulp
from tensors import DTYPES

NOT_GRAMMAR = "func.func @main() -> tensor<f32> { %0 = stablehlo.constant dense<1e-6> : tensor<f32> return %0 : tensor<f32> }\n"
BROKEN_RULE = """func.func @main(%x: tensor<2x3xf32>, %r: tensor<2x1xf32>) -> tensor<2x3xf32> {
  %0 = stablehlo.divide %x, %r : (tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
"""
UNKNOWN_CALL = """func.func public @main(%x: tensor<3xf32>) -> tensor<3xf32> {
  %0 = stablehlo.custom_call @tenon.nothing(%x) {api_version = 4 : i32, backend_config = {}} : (tensor<3xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}
"""
# StableHLO's interpreter dies of it (SIGFPE); the next request must be served all the same.
DIES = """func.func public @main() -> tensor<1xi32> {
  %x = stablehlo.constant dense<7> : tensor<1xi32>
  %y = stablehlo.constant dense<0> : tensor<1xi32>
  %0 = stablehlo.divide %x, %y : tensor<1xi32>
  return %0 : tensor<1xi32>
}
"""


def apart(engine, tenon, want):
    """None if two results of one program are as near to each other as their bounds allow, else what is wrong."""
    if engine.dtype != tenon.dtype or engine.shape != tenon.shape:
        return f"{engine.dtype}{list(engine.shape)} and {tenon.dtype}{list(tenon.shape)}"
    if want.error is None:
        return None if np.array_equal(engine, tenon) else "integers differ"
    a, b = engine.astype(np.float64), tenon.astype(np.float64)
    with np.errstate(all="ignore"):
        bound = 2 * want.error.astype(np.float64) + (ulp(want.value, want.dtype) if want.dtype in ("f16", "bf16") else 0)
        good = (a == b) | (np.isnan(a) & np.isnan(b)) | (np.abs(a - b) <= bound)
        good |= (np.isinf(a) ^ np.isinf(b)) & (np.abs(want.value) > 0.99 * float(np.finfo(np.float32).max if want.dtype != "f16" else 65504))
    if good.all():
        return None
    where = tuple(np.argwhere(~good)[0])
    return f"at {list(map(int, where))}: {a[where]} and {b[where]}"


def ask(suite, engine, request):
    return ask_all(ENVIRONMENT[engine], [dict(request, engine=engine)], 1)[0]


def check(suite):
    """Adds a row per engine, and one of the comparison, to the suite's report."""
    folder = os.path.join(suite.root, "judges")
    os.makedirs(folder, exist_ok=True)
    comparison(suite.report)
    text_rules(suite.report)
    for name, text in (("not_grammar", NOT_GRAMMAR), ("broken_rule", BROKEN_RULE), ("unknown_call", UNKNOWN_CALL), ("dies", DIES)):
        with open(os.path.join(folder, name + ".mlir"), "w", encoding="utf-8") as file:
            file.write(text)
    case = one_norm("judges", "f32", [3, 40], values=lambda d, t, s: d.normal(t, s, 1e-2), scale="same", epsilon=1e-3)
    case.write(folder)
    for engine in suite.engines:
        wrong_texts(suite, engine, folder)
        wrong_value(suite, engine, folder, case)


def expect(report, engine, name, good, came):
    report.add("judges", engine, name, None if good else f"the judge let it pass: {came}")


def wrong_texts(suite, engine, folder):
    at = lambda name: os.path.join(folder, name + ".mlir")
    for name, stage in (("not_grammar", "parse"), ("broken_rule", "verify")):
        for do in ("check", "run"):
            answer = ask(suite, engine, {"do": do, "module": at(name), "inputs": [], "outputs": folder})
            expect(suite.report, engine, f"{name}, {do}", answer["status"] == "rejected" and answer["stage"] == stage, answer)
    x = os.path.join(folder, "v.npy")
    np.save(x, np.ones(3, np.float32))
    answer = ask(suite, engine, {"do": "run", "module": at("unknown_call"), "inputs": [x], "outputs": folder})
    expect(suite.report, engine, "unknown_call, run", answer["status"] != "ok", answer)
    if engine == "stablehlo":
        after = {"do": "check", "module": at("unknown_call")}
        answers = ask_all("xla", [{"do": "run", "engine": engine, "module": at("dies"), "inputs": [], "outputs": folder}, after], 1)
        good = answers[0]["status"] == "failed" and answers[0].get("crashed") and answers[1]["status"] == "ok"
        expect(suite.report, engine, "a process that dies", good, answers)


def wrong_value(suite, engine, folder, case):
    """The same text with another epsilon: valid, executed, and found wrong."""
    target = "iree" if engine == "iree" else "stablehlo"
    path = os.path.join(folder, f"{target}.mlir")
    problem = suite.command("lower", os.path.join(folder, "graph.yaml"), "--target", target, "-o", path)
    if problem:
        suite.report.add("judges", engine, "wrong value", problem)
        return
    with open(path, encoding="utf-8") as file:
        text = file.read()
    literal = next((m for m in re.findall(rf"dense<({texts.NUMBER})>", text) if not m.startswith("0x") and abs(float(m) - 1e-3) < 1e-9), None)
    if literal is None:
        suite.report.add("judges", engine, "wrong value", "no epsilon in the text to change")
        return
    for name, content, good in (("right", text, True), ("wrong", text.replace(f"dense<{literal}>", "dense<1.1e-03>"), False)):
        module, outputs = os.path.join(folder, f"{name}-{target}.mlir"), os.path.join(folder, f"{name}-{engine}")
        with open(module, "w", encoding="utf-8") as file:
            file.write(content)
        inputs = [os.path.join(folder, t.name + ".npy") for t in case.inputs]
        answer = ask(suite, engine, {"do": "run", "module": module, "inputs": inputs, "outputs": outputs})
        if answer["status"] != "ok":
            suite.report.add("judges", engine, f"{name} value", f"{answer['status']}: {answer['message']}")
            continue
        problem, *_ = suite.compare(case, [os.path.join(outputs, "0.npy")], engine)
        expect(suite.report, engine, f"{name} value", (problem is None) == good, problem)


def comparison(report):
    """The comparison finds one wrong element, dtype, shape, sign of a zero, NaN and infinity; and lets nothing wrong but small pass."""
    for dtype in ("f32", "f16", "bf16", "f64"):
        case = one_norm("comparison-" + dtype, dtype, [2, 8], scale="same")
        for machine in ("tenon", "iree"):
            want = evaluate(case, MACHINES[machine])["y"]
            right = want.value.astype(np.float64).astype(DTYPES[dtype])
            tries = {"right": (right, True)}
            off = right.copy()
            step = 3 * ulp(want.value[1, 3], dtype) if dtype in ("f16", "bf16") else float(np.abs(want.value[1, 3])) * (
                1e-5 if dtype == "f32" else 1e-13)
            off[1, 3] = (float(want.value[1, 3]) + step)
            tries["one element off"] = (off, False)
            for name, value in (("NaN", np.nan), ("infinity", np.inf)):
                off = right.copy()
                off[0, 0] = value
                tries[name] = (off, False)
            tries["dtype"] = (right.astype(np.float64 if dtype != "f64" else np.float32), False)
            tries["shape"] = (right.reshape(8, 2), False)
            for name, (array, good) in tries.items():
                problem, _ = difference(array, want)
                expect(report, "(comparison)", f"{dtype} {machine}: {name}", (problem is None) == good, problem)


def text_rules(report):
    """Texts that break a rule are found."""
    case = one_norm("rules", "f32", [2, 8], scale="same", epsilon=1e-3)
    head, foot = "module @m {\n@main\n", "}\n"
    call = 'stablehlo.custom_call @ai_edge_torch.rms_norm(%%x, %%w) {api_version = 4 : i32, backend_config = {%s}}\n'
    wrong = {
        "call in the plain target": ("stablehlo", head + "stablehlo.custom_call @reduce_mean(%x)\n" + foot),
        "composite in the plain target": ("iree", head + 'stablehlo.composite "tenon.rms_norm" %x\n' + foot),
        "no epsilon": ("custom-call", head + call % "axis = -1 : i64" + foot),
        "another epsilon": ("custom-call", head + call % "epsilon = 9.99999997e-07 : f32" + foot),
        "no comment": ("reduction-calls", head + "stablehlo.custom_call @reduce_mean(%x)\n" + foot),
        "no call": ("reduction-calls", head + "// No compiler executes this\n" + foot),
    }
    for name, (target, text) in wrong.items():
        expect(report, "(text rules)", name, texts.problem(case, target, text) is not None, text)
    right = texts.problem(case, "custom-call", head + call % "epsilon = 1.000000e-03 : f32" + foot)
    expect(report, "(text rules)", "right epsilon", right is None, right)
