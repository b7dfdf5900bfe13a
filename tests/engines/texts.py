"""What a lowered text must and must not say, and what a parser's verdict on it has to be."""
import re

import numpy as np

PLAIN = ("stablehlo", "xla", "iree")
NUMBER = r"[-+0-9.eE]+|0x[0-9A-Fa-f]+"


def epsilon_problem(case, text):
    """Each carrier of a norm must say its epsilon, as f32."""
    wanted = sorted({float(np.float32(n.attributes.get("epsilon", 1e-6))) for n in case.nodes if n.op == "rms_norm"})
    carriers = [line for line in text.splitlines() if "@ai_edge_torch.rms_norm" in line or '"odml.rms_norm"' in line]
    found = []
    for line in carriers:
        match = re.search(rf"(?:backend_config|composite_attributes) = {{[^}}]*\bepsilon = ({NUMBER}) : f32", line)
        if match is None:
            return f"a carrier without epsilon in its dictionary: {line.strip()}"
        found.append(float(np.float32(float(match.group(1)))))
    if sorted(set(found)) != wanted:
        return f"the carriers' epsilon is {sorted(set(found))}, the graph's {wanted}"
    return None


def problem(case, target, text):
    """None, or the first rule that the text breaks."""
    if not text.endswith("\n") or "module @" not in text or "@main" not in text:
        return "the text is not a named module with @main"
    if target in PLAIN + ("litert", "composites") and "custom_call" in text:
        return "custom_call in a target that has none"
    if target in PLAIN and "stablehlo.composite" in text:
        return "composite in a target that inlines"
    if target == "iree":
        if "tenon.param" in text or (case.params and "#flow.parameter.named" not in text):
            return "parameters of the iree target are globals"
    if target == "reduction-calls":
        if not any(line.startswith("//") and "No compiler executes" in line for line in text.splitlines()):
            return "no comment that says that no compiler executes this text"
        if any(n.op == "rms_norm" for n in case.nodes) and "stablehlo.custom_call @reduce_mean(" not in text:
            return "no custom_call @reduce_mean in a norm"
        if "rms_norm(" in text or "api_version" in text:
            return "a norm is inlined, and its reductions are calls with plain attributes"
    if target == "custom-call":
        reductions = [n for n in case.nodes if n.op.startswith("reduce_")]
        if case.nodes and text.count("stablehlo.custom_call @") < 1 and not all(trivial(n, case) for n in reductions):
            return "no custom_call"
    for rule in case.text.get(target, []):
        if rule == "EPSILON":
            wrong = epsilon_problem(case, text)
            if wrong:
                return wrong
        elif rule.startswith("!"):
            if rule[1:] in text:
                return f"the text says {rule[1:]!r}"
        elif rule not in text:
            return f"the text does not say {rule!r}"
    return None


def trivial(node, case):
    """A reduction that changes nothing may vanish."""
    ranks = {t.name: t.array.ndim for t in case.inputs}
    return node.attributes.get("empty_axes") == "none" or ranks.get(node.inputs["input"]) == 0


def check_problem(path, engine, answer):
    """jaxlib must verify the text. IREE must parse it, and may then refuse nothing but the custom calls, which no compiler knows."""
    if answer["status"] == "ok":
        return None
    with open(path, encoding="utf-8") as file:
        calls = "stablehlo.custom_call" in file.read()
    if engine == "iree" and calls and answer["status"] == "unsupported" and answer["stage"] == "compile":
        errors = [line for line in answer["message"].splitlines() if "error:" in line]
        if errors and all("'stablehlo.custom_call'" in line for line in errors):
            return None
    return f"{answer['status']} at {answer['stage']}: {answer['message']}"
