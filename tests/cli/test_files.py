"""Files that the command writes, whole or not at all, and files that it looks into."""
import os
import stat

import numpy as np
from support import NORM, CommandTest, read_safetensors, safetensors, tenon

OPERATOR = ("op:rms_norm", "--dtype", "f32", "--shape", "4x8")


class Files(CommandTest):
    def read(self, path):
        with open(path, encoding="utf-8") as file:
            return file.read()

    def test_o_replaces_the_file_at_once(self):
        path = self.write("out.mlir", "old")
        os.chmod(path, 0o640)
        self.run_ok("lower", *OPERATOR, "-o", path)
        self.assertIn("@main", self.read(path))
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o640)
        self.assertEqual(os.listdir(self.folder), ["out.mlir"])

    def test_a_failure_leaves_the_old_file(self):
        path = self.write("out.mlir", "old")
        for arguments in [("op:rms_nrom", *OPERATOR[1:]), (*OPERATOR, "--target", "nowhere")]:
            self.assertEqual(tenon("lower", *arguments, "-o", path).status, 1)
            self.assertEqual(self.read(path), "old")
        graph = self.write("g.yaml", NORM.replace("DTYPE", "f32"))
        # The text could be written, but the parameters cannot: neither file appears.
        safetensors(self.path("w.safetensors"), {"model.norm.weight": np.zeros(67, np.float32)})
        result = tenon("lower", graph, "--target", "iree", "--params", self.path("w.safetensors"), "--params-out",
                       self.path("no", "w.irpa"), "-o", path)
        self.assertEqual((result.status, self.read(path)), (1, "old"))
        self.assertEqual(sorted(os.listdir(self.folder)), ["g.yaml", "out.mlir", "w.safetensors"])

    def test_a_folder_that_is_missing(self):
        self.check_error(tenon("lower", *OPERATOR, "-o", self.path("no", "out.mlir")), 1, "NOT_FOUND", self.path("no", "out.mlir"))
        self.assertEqual(tenon("lower", *OPERATOR, "-o", self.folder).status, 1)

    def test_links_and_devices_stay_what_they_are(self):
        real = self.write("real.mlir", "old")
        os.symlink(real, self.path("link.mlir"))
        self.run_ok("lower", *OPERATOR, "-o", self.path("link.mlir"))
        self.assertTrue(os.path.islink(self.path("link.mlir")))
        self.assertIn("@main", self.read(real))
        self.run_ok("lower", *OPERATOR, "-o", "/dev/null")
        self.assertTrue(stat.S_ISCHR(os.stat("/dev/null").st_mode))

    def test_equal_input_equal_bytes(self):
        first, second = self.path("a.safetensors"), self.path("b.safetensors")
        for path in (first, second):
            self.run_ok("run", *OPERATOR, "--random", 3, "-o", path)
        with open(first, "rb") as a, open(second, "rb") as b:
            self.assertEqual(a.read(), b.read())

    def test_params_out(self):
        graph = self.write("g.yaml", NORM.replace("DTYPE", "f32"))
        weights = np.arange(67, dtype=np.float32)
        safetensors(self.path("w.safetensors"), {"another": np.zeros(3, np.float32), "model.norm.weight": weights})
        params = ("--params", self.path("w.safetensors"))
        out = self.path("out.safetensors")
        self.run_ok("lower", graph, "--target", "iree", *params, "--params-out", out, "-o", self.path("g.mlir"))
        written = read_safetensors(out)
        self.assertEqual(list(written), ["model.norm.weight"])
        np.testing.assert_array_equal(written["model.norm.weight"], weights)
        self.run_ok("lower", graph, "--target", "iree", *params, "--params-out", self.path("out.irpa"), "-o", self.path("g.mlir"))
        self.assertIn("model.norm.weight", self.run_ok("inspect", self.path("out.irpa")).out)
        self.run_ok("lower", graph, "--target", "iree")  # the text needs no values
        self.check_error(tenon("lower", graph, "--target", "iree", "--params-out", out), 1, "FAILED_PRECONDITION", "--params")
        self.check_error(tenon("lower", graph, "--target", "litert", *params, "--params-out", out), 1, "INVALID_ARGUMENT", "constants")
        self.check_error(tenon("lower", graph, "--target", "litert"), 1, "FAILED_PRECONDITION", "model.norm.weight")

    def test_inspect(self):
        np.save(self.path("x.npy"), np.zeros((2, 3), np.float16))
        safetensors(self.path("w.safetensors"), {"a": np.zeros((4, 5), np.uint16), "b": np.zeros(7, np.int64)})
        graph = self.write("g.yaml", NORM.replace("DTYPE", "bf16"))
        self.assertRegex(self.run_ok("inspect", self.path("x.npy")).out, r"f16 +\[2, 3\] +12")
        out = self.run_ok("inspect", self.path("w.safetensors")).out
        self.assertRegex(out, r"a +bf16 +\[4, 5\] +40")
        self.assertRegex(out, r"b +i64 +\[7\] +56")
        report = self.run_ok("inspect", self.path("w.safetensors"), "--json").json()
        rows = [(row["name"], row["dtype"], row["shape"]) for row in report["tensors"]]
        self.assertEqual(rows, [("a", "bf16", [4, 5]), ("b", "i64", [7])])
        out = self.run_ok("inspect", graph).out
        for word in ("model.norm.weight", "rms_norm", "bf16", "[4, 67]"):
            self.assertIn(word, out)

    def test_inspect_goes_by_the_name(self):
        safetensors(self.path("w.npy"), {"a": np.zeros(3, np.float32)})
        self.assertEqual(tenon("inspect", self.path("w.npy")).status, 1)
        self.check_error(tenon("inspect", self.write("x.bin", "x")), 1, "UNIMPLEMENTED", "x.bin")
        self.assertEqual(tenon("inspect", self.folder).status, 1)
