"""Every report is what configs/schema/reports.schema.json says, and says nothing that is not there."""
import copy
import json
import os
import unittest

import jsonschema
from support import COMMAND, CommandTest, tenon

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OPERATOR = ("op:rms_norm", "--dtype", "f32", "--shape", "2x8")


def closed(schema):
    """The schema with unknown keys refused: a new key must be written down."""
    if isinstance(schema, dict):
        out = {key: closed(value) for key, value in schema.items()}
        if out.get("type") == "object" and "properties" in out:
            out["additionalProperties"] = False
        return out
    return [closed(item) for item in schema] if isinstance(schema, list) else schema


class Reports(CommandTest):
    @classmethod
    def setUpClass(cls):
        with open(os.path.join(ROOT, "configs", "schema", "reports.schema.json"), encoding="utf-8") as file:
            cls.schema = json.load(file)
        jsonschema.Draft202012Validator.check_schema(cls.schema)
        cls.closed = closed(copy.deepcopy(cls.schema))

    def check(self, name, report):
        jsonschema.Draft202012Validator({**self.closed, "anyOf": [{"$ref": f"#/$defs/{name}"}]}).validate(report)
        jsonschema.Draft202012Validator(self.schema).validate(report)

    def test_every_verb(self):
        graph = self.write("g.yaml", "tenon: 1\nname: g\ninputs:\n- {name: x, dtype: f32, shape: [\"?n\", 8]}\nnodes:\n"
                           "- {name: n, op: rms_norm, inputs: {input: x, residual: x}}\noutputs: [n, \"n:1\"]\n")
        plugin = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(COMMAND))), "lib", "tenon", "plugins-1",
                              "shape.tenon.yaml")
        self.run_ok("run", *OPERATOR, "--random", 1, "-o", self.path("y.npy"))
        for name, arguments in [
                ("lower", ("lower", *OPERATOR)), ("run", ("run", *OPERATOR, "--random", 1)),
                ("run", ("run", "op:softmax", "--dtype", "f32", "--shape", "2x8", "--random", 1)),
                ("verify", ("verify", "rms_norm", "--cases", 5)), ("verify", ("verify", "rms_norm", "softmax")), ("verify", ("verify", *OPERATOR)),
                ("explain", ("explain", "rms_norm", "--dtype", "f64", "--shape", "2x8")), ("ops", ("ops",)), ("ops", ("ops", "gather")),
                ("plugins", ("plugins",)), ("plugins", ("plugins", "inspect", "tenon.shape")), ("doctor", ("plugins", "doctor")),
                ("targets", ("targets",)), ("targets", ("targets", "litert")), ("inspect", ("inspect", graph)),
                ("new", ("plugins", "new", "acme.op", "--lang", "c", "--dir", self.path("project"))),
                ("inspect", ("inspect", self.path("y.npy"))), ("inspect", ("inspect", plugin))]:
            with self.subTest(arguments=arguments):
                self.check(name, self.run_ok(*arguments, "--json").json())

    def test_errors(self):
        for arguments in (("run", "nothing.yaml"), ("lower", "op:rms_norm", "--dtype", "f33", "--shape", "2"), ("frobnicate",),
                          ("lower", "op:rms_norm", "--dtype", "f32", "--shape", "0x0"), ("verify", "nothing")):
            with self.subTest(arguments=arguments):
                result = tenon(*arguments, "--json")
                self.assertIn(result.status, (1, 2))
                self.check("error", json.loads(result.err))

    def test_a_report_that_says_something_else_is_found(self):
        report = self.run_ok("run", *OPERATOR, "--random", 1, "--json").json()
        for change in ({"threads": "2"}, {"new": 1}, {"steps": [{"index": 0}]}):
            with self.assertRaises(jsonschema.ValidationError):
                self.check("run", {**report, **change})


if __name__ == "__main__":
    unittest.main()
