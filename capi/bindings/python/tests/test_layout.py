"""The ctypes structs and numbers against what a C compiler makes of the header."""

import ctypes
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from tenon import _library
from tenon import _structs as s

INCLUDE = os.environ.get("TENON_TEST_INCLUDE", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "include"))
STRUCTS = {
    "tenon_header": s.Header,
    "tenon_tensor_view": s.TensorView,
    "tenon_type_view": s.TypeView,
    "tenon_attr": s.Attr,
    "tenon_context_options": s.ContextOptions,
    "tenon_node_request": s.NodeRequest,
    "tenon_lower_options": s.LowerOptions,
    "tenon_program_options": s.ProgramOptions,
    "tenon_run_options": s.RunOptions,
    "tenon_operator_source": s.OperatorSource,
    "tenon_verify_options": s.VerifyOptions,
    "DLTensor": s.DLTensor,
    "DLManagedTensor": s.DLManagedTensor,
    "DLManagedTensorVersioned": s.DLManagedTensorVersioned,
}
FLAT = {
    "major": "version.major",
    "minor": "version.minor",
    "device_type": "device.device_type",
    "device_id": "device.device_id",
    "code": "dtype.code",
    "bits": "dtype.bits",
    "lanes": "dtype.lanes",
}  # ours have the members of nested structs at the top


@unittest.skipUnless(shutil.which("cc"), "there is no C compiler: the layouts are compared where there is one")
class Layout(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open(os.path.join(INCLUDE, "tenon/tenon.h"), encoding="utf-8") as file:
            cls.header = file.read()

    def ask(self, expressions):
        """The values of integer expressions, from a C program."""
        lines = "".join(f'printf("%lld\\n", (long long)({e}));\n' for e in expressions)
        with tempfile.TemporaryDirectory() as folder:
            source = os.path.join(folder, "ask.c")
            with open(source, "w", encoding="utf-8") as file:
                file.write(
                    "#include <stdio.h>\n#include <stddef.h>\n#include <tenon/tenon.h>\n#include <tenon/plugin.h>\nint main(void) {\n"
                    + lines
                    + "return 0; }\n"
                )
            subprocess.run(["cc", "-I", INCLUDE, source, "-o", os.path.join(folder, "ask")], check=True)
            out = subprocess.run([os.path.join(folder, "ask")], capture_output=True, text=True, check=True).stdout
        return dict(zip(expressions, map(int, out.split())))

    def test_structs(self):
        wanted = {}
        for name, struct in STRUCTS.items():
            wanted[f"sizeof({name})"] = ctypes.sizeof(struct)
            for field, *_ in struct._fields_:
                member = FLAT.get(field, field)
                wanted[f"offsetof({name}, {member})"] = getattr(struct, field).offset
                wanted[f"sizeof((({name}*)0)->{member})"] = getattr(struct, field).size
        self.assertEqual(wanted, self.ask(list(wanted)))

    def test_numbers(self):
        wanted = {f"TENON_{name.upper()}": number for number, name in enumerate(s.DTYPES) if number > 0}
        wanted.update({f"TENON_CONTEXT_{name.upper()}": value for name, value in s.CONTEXT_FLAGS.items()})
        wanted.update({f"TENON_PROGRAM_{name.upper()}": value for name, value in s.PROGRAM_FLAGS.items()})
        names = (
            "GRAPH_PRUNE",
            "MAX_RANK",
            "TENSOR_READ_ONLY",
            "VALUE_NONE",
            "DYNAMIC",
            "INVALID_ARGUMENT",
            "NOT_FOUND",
            "ALREADY_EXISTS",
            "FAILED_PRECONDITION",
            "UNIMPLEMENTED",
            *(name for name in dir(s) if name.startswith("ATTR_")),
        )
        wanted.update({f"TENON_{name}": getattr(s, name) for name in names})
        kinds = {
            "CONTEXT_OPTIONS": s.ContextOptions,
            "NODE_REQUEST": s.NodeRequest,
            "LOWER_OPTIONS": s.LowerOptions,
            "PROGRAM_OPTIONS": s.ProgramOptions,
            "RUN_OPTIONS": s.RunOptions,
            "OPERATOR_SOURCE": s.OperatorSource,
            "VERIFY_OPTIONS": s.VerifyOptions,
        }
        wanted.update({f"TENON_KIND_{name}": kind.kind for name, kind in kinds.items()})
        self.assertEqual(wanted, self.ask(list(wanted)))

    def test_functions(self):
        """Every declared function has the header's number of parameters, and every function of the header is declared, or is named here."""
        not_for_python = {
            "tenon_context_add_static_plugin",
            "tenon_error_get_code",
            "tenon_error_get_text",
            "tenon_error_get_position",
            "tenon_error_get_cause",
            "tenon_error_get_payload",
            "tenon_view_get_element",
            "tenon_dtype_from_name",
            "tenon_dtype_name",
            "tenon_dtype_size",
        }
        text = re.sub(r"/\*.*?\*/", "", self.header, flags=re.S)
        functions = {
            name: 0 if inside.strip() == "void" else inside.count(",") + 1
            for name, inside in re.findall(r"TENON_EXPORT[^;(]*?(tenon_\w+)\(([^)]*)\);", text)
        }
        self.assertGreater(len(functions), 60)
        declared = {name: len(arguments) + 1 for name, arguments in _library.FALLIBLE.items()}
        declared.update({name: len(arguments) for name, (_, *arguments) in _library.PLAIN.items()})
        self.assertEqual(declared, {name: count for name, count in functions.items() if name not in not_for_python})
