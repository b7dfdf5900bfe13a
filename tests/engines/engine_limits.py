"""What an engine cannot do, by what a case's text says. Everything else that does not pass is a failure; and so is a limit that is gone."""
import re
from dataclasses import dataclass


@dataclass
class Limit:
    number: int     # in COVERAGE.md
    engine: str
    pattern: str    # a regular expression, searched in each line of the case's text (types are on the line of their operation)
    reason: str

    def holds(self, engine, text):
        return engine == self.engine and re.search(self.pattern, text, re.MULTILINE) is not None


LIMITS = [
    Limit(1, "iree", r"stablehlo\.(tanh|sine|cosine|tan|atan2|cbrt|remainder)\b.*f64>", "its CPU code has no such function for f64"),
    Limit(2, "iree", r"^  func\.func public @main.*x?u?i4>", "its runtime passes no 4-bit integers"),
]


# Where the first size is not known. Numbers of their own: they are not in COVERAGE.md.
DYNAMIC_LIMITS = [
    Limit(101, "iree", r"feature_group_count = (?!1 )\d", "it compiles no convolution in groups with a dynamic batch"),
    Limit(102, "iree", r'= "stablehlo\.sort"\(%[^)]*, %[^)]*\) <\{dimension = 0 ', "it compiles no sort of pairs along a dynamic axis"),
]


def limit_of(engine, text, dynamic=False):
    """The first limit that a case runs into, or None."""
    return next((limit for limit in LIMITS + DYNAMIC_LIMITS * dynamic if limit.holds(engine, text)), None)


def text_per_case(text):
    """The text of each node of a graph lowered as composites: main's arguments and results that it touches, and its functions."""
    functions, name = {}, None
    for line in text.splitlines():
        match = re.match(r"  func\.func \w+ @([\w.$-]+)", line)
        if match:
            name = match.group(1)
            functions[name] = []
        if name:
            functions[name].append(line)

    def reach(function, seen):
        if function in seen:
            return []
        seen.add(function)
        lines = list(functions.get(function, []))
        for line in functions.get(function, []):
            for used in re.findall(r"@([\w.$-]+)", line):
                lines += reach(used, seen)
        return lines

    found = []
    for line in functions["main"]:
        match = re.search(r"stablehlo\.composite .*decomposition = @([\w.$-]+)", line)
        if match:
            # The types that the composite takes and gives are main's.
            signature = "  func.func public @main " + line[line.rindex(" : (") + 3:]
            found.append("\n".join([signature] + reach(match.group(1), set())))
    return found
