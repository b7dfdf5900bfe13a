#!/usr/bin/env python3
"""consumers.py BUILD: programs that come to libtenon in other ways than the examples: linked with --as-needed, through Python's ctypes.
(Opened by dlopen and dlmopen: programs/load.c. pkg-config, find_package: packaging/test-install, with an installation.)"""
import ctypes
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
problems = []


def expect(condition, text):
    if not condition:
        problems.append(text)


def needed(path):
    lines = subprocess.run(["readelf", "-dW", path], capture_output=True, text=True, check=True).stdout.splitlines()
    return [line.split("[")[1].rstrip("]") for line in lines if "(NEEDED)" in line]


def as_needed(build, folder):
    """The library is kept where it is used, also when it stands before the program's own objects, and dropped where it is not."""
    plugins = build / "tests/abi/kept/tenon/plugins-1"
    common = ["cc", "-std=c99", "-I", ROOT / "capi/include", "-L", build / "lib", f"-Wl,-rpath,{build}/lib", "-Wl,--as-needed"]
    user = folder / "user"
    subprocess.run([*common, ROOT / "tests/abi/travel/host.c", "-o", user, "-ltenon"], check=True)
    expect("libtenon.so.1" in needed(user), f"--as-needed dropped libtenon from a program that uses it: {needed(user)}")
    result = subprocess.run([user, plugins, "packs"], capture_output=True, text=True, check=False)
    expect(result.returncode == 0, f"the program linked with --as-needed: status {result.returncode}: {result.stderr}")
    (folder / "idle.c").write_text('#include "tenon/tenon.h"\nint main(void) { return TENON_OK; }\n', encoding="utf-8")
    subprocess.run([*common, folder / "idle.c", "-o", folder / "idle", "-ltenon"], check=True)
    expect("libtenon.so.1" not in needed(folder / "idle"), "a program that calls nothing needs libtenon")


class Header(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("kind", ctypes.c_uint32), ("next", ctypes.c_void_p)]


class Source(ctypes.Structure):  # tenon_operator_source
    _fields_ = [("header", Header), ("op", ctypes.c_char_p), ("op_length", ctypes.c_size_t), ("dtype", ctypes.c_char_p),
                ("dtype_length", ctypes.c_size_t), ("shapes", ctypes.c_char_p), ("shapes_length", ctypes.c_size_t),
                ("attributes", ctypes.c_void_p), ("attribute_count", ctypes.c_size_t)]


class View(ctypes.Structure):  # tenon_tensor_view
    _fields_ = [("data", ctypes.c_void_p), ("dims", ctypes.POINTER(ctypes.c_int64)), ("strides", ctypes.c_void_p), ("rank", ctypes.c_int32),
                ("dtype", ctypes.c_int32), ("flags", ctypes.c_uint32), ("reserved0", ctypes.c_uint32)]


def through_ctypes(build):
    """y = x * 2 + 1 by a plugin's operator, with nothing but the library's name and the header's text to go by."""
    tenon = ctypes.CDLL(str(build / "lib/libtenon.so.1"))
    tenon.tenon_version.restype = tenon.tenon_error_get_report.restype = ctypes.c_char_p
    tenon.tenon_error_get_report.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    version = (ROOT / "VERSION").read_text(encoding="utf-8").strip()
    expect(tenon.tenon_version().decode() == version, f"tenon_version says {tenon.tenon_version()}, the file VERSION {version}")
    error, context, graph, program = (ctypes.c_void_p() for _ in range(4))

    def call(function, *arguments):
        function.restype = ctypes.c_int32
        code = function(*arguments, ctypes.byref(error))
        if code != 0:
            raise SystemExit(f"{function.__name__}: {tenon.tenon_error_get_report(error, None).decode()}")

    everything = ctypes.c_size_t(-1)
    call(tenon.tenon_context_create, None, ctypes.byref(context))
    call(tenon.tenon_context_add_plugin_path, context, str(build / "tests/abi/kept/tenon/plugins-1").encode(), everything)
    source = Source(Header(ctypes.sizeof(Source), 6, None), b"travel_c.affine", 15, b"f32", 3, b"4", 1, None, 0)
    call(tenon.tenon_graph_from_operator, context, ctypes.byref(source), ctypes.byref(graph))
    call(tenon.tenon_graph_compile, graph, None, ctypes.byref(program))
    x, y, dims = (ctypes.c_float * 4)(0, 1, -2, 0.5), (ctypes.c_float * 4)(), (ctypes.c_int64 * 1)(4)
    views = [View(ctypes.cast(data, ctypes.c_void_p), dims, None, 1, 16, 0, 0) for data in (x, y)]
    call(tenon.tenon_program_run, program, ctypes.byref(views[0]), ctypes.c_size_t(1), ctypes.byref(views[1]), ctypes.c_size_t(1), None)
    expect(list(y) == [1, 3, -3, 2], f"through ctypes: {list(y)}")
    for name, what in (("program", program), ("graph", graph), ("context", context)):
        destroy = getattr(tenon, f"tenon_{name}_destroy")
        destroy.restype = None
        destroy(what)


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    for tool in ("cc", "readelf"):
        if shutil.which(tool) is None:
            print(f"missing: {tool} (Debian: gcc, binutils)")
            return 1
    with tempfile.TemporaryDirectory() as folder:
        as_needed(build, pathlib.Path(folder))
    through_ctypes(build)
    print("\n".join(problems))
    print(f"consumers: {len(problems)} problems")
    return 1 if problems else 0


os.umask(0o022)  # the loader refuses what others may write to
sys.exit(main())
