"""The operators' own cases: exported by `tenon verify --export`, read back, and put together to graphs of many nodes."""
import glob
import json
import os
import subprocess
from dataclasses import dataclass

import numpy as np
from cases import Case, Node, Tensor
from tensors import read_npy


@dataclass
class OperatorCase:
    op: str            # "softmax"
    name: str          # of the case
    dtype: str
    layout: str
    operands: dict     # name -> list of (dtype, array, file)
    variadic: str      # the operand that takes several; "" if none
    attributes: dict   # canonical names, defaults filled in; None: absent
    given: list        # attributes that are no defaults
    results: list      # (name, dtype, shape)
    compiled: bool = True  # given to the engines that compile, too
    dynamic: bool = False  # in a graph that does not know the first dimension of the first operand, nor others of that size

    @property
    def label(self):
        return f"{self.op}/{self.name}-{self.dtype}"


def operators(tenon):
    """name -> what `tenon ops` says, of the built packs."""
    done = subprocess.run([tenon, "ops", "--json", "--no-user-plugins"], capture_output=True, text=True, timeout=120, check=True)
    return {row["name"]: row for row in json.loads(done.stdout)["operators"]}


def number(value):
    """JSON has no infinities and no NaN: they are strings."""
    return {"inf": np.inf, "-inf": -np.inf, "nan": np.nan}.get(value, value) if isinstance(value, str) else float(value)


def read_attribute(value, kind):
    if value is None:
        return None
    if kind == "f64":
        return float(number(value))
    return [float(number(item)) for item in value] if kind == "floats" else value


def read_case(folder, schema):
    with open(os.path.join(folder, "case.json"), encoding="utf-8") as file:
        told = json.load(file)
    kinds = {attribute["name"]: attribute["type"] for attribute in schema["attributes"]}
    operands = {}
    for name, rows in told["operands"].items():
        operands[name] = [(row["dtype"], read_npy(os.path.join(folder, row["file"]), row["dtype"], row["shape"]),
                           os.path.join(folder, row["file"])) for row in rows]
    variadic = next((operand["name"] for operand in schema["operands"] if operand["variadic"]), "")
    return OperatorCase(schema["name"], told["case"], told["dtype"], told["layout"], operands, variadic,
                        {name: read_attribute(value, kinds[name]) for name, value in told["attributes"].items()}, told["given"],
                        [(row["name"], row["dtype"], row["shape"]) for row in told["results"]])


def export(tenon, schema, root, drawn=0):
    """The operator's cases, sorted by name, and None or what `tenon verify` complains of."""
    command = [tenon, "verify", schema["full_name"], "--no-user-plugins", "-q", "--export", root]
    done = subprocess.run(command + (["--cases", str(drawn), "--seed", "1"] if drawn else []), capture_output=True, text=True, timeout=600)
    found = sorted(glob.glob(os.path.join(root, schema["name"], "*", "case.json")))
    problem = None
    if done.returncode:
        problem = f"tenon verify {schema['name']}: exit status {done.returncode}\n{(done.stdout + done.stderr)[:1200]}"
    if not found and problem is None:
        problem = f"tenon verify {schema['name']} exported no case"
    return [read_case(os.path.dirname(path), schema) for path in found], problem


def together(name, cases):
    """One graph that has every case as a node: (graph, files of its inputs in order, outputs per case)."""
    graph, files, outputs = Case(name), [], []
    for index, case in enumerate(cases):
        inputs = {}
        sizes = [array.shape[0] for rows in case.operands.values() for _, array, _ in rows if array.ndim]
        unknown = sizes[0] if case.dynamic else None
        for operand, rows in case.operands.items():
            names = []
            for dtype, array, file in rows:
                names.append(f"x{len(graph.inputs)}")
                dynamic = array.ndim > 0 and array.shape[0] == unknown
                graph.inputs.append(Tensor(names[-1], dtype, array, first=f"?n{index}" if dynamic else ""))
                files.append(file)
            inputs[operand] = names if operand == case.variadic else names[0]
        node = f"n{index}"
        graph.nodes.append(Node(node, case.op, inputs, {name: case.attributes[name] for name in case.given}))
        mine = [(f"{node}_{result[0]}", f"{node}:{result[0]}") for result in case.results]
        graph.outputs += mine
        outputs.append([output for output, _ in mine])
    return graph, files, outputs
