#!/usr/bin/env python3
"""privilege.py BUILD: a program that has more rights than its caller (set-user-ID, or a file capability) honours no environment variable.

Each variable is set in three programs that are the same but for the file's mode: as it is, where the variable must have an effect (or the
test would prove nothing), set-user-ID of another ordinary user, and with a file capability; in the last two nothing may differ from an
empty environment. Needs root to make the files; the programs run as users that are not root."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
CALLER, OWNER = 65533, 65532  # numbers that nobody has


def install(folder, build):
    """libtenon with one plugin beside it; other plugins where variables point; the programs, with an absolute path to the library."""
    os.chmod(folder, 0o755)
    kept = build / "tests/abi/kept/tenon/plugins-1"
    for place, plugin in (("lib/tenon/plugins-1", "travel-c"), ("named", "travel-cpp"), ("data/tenon/plugins-1", "travel-cpp"),
                          ("home/.local/share/tenon/plugins-1", "travel-cpp")):
        target = folder / place
        target.mkdir(parents=True)
        for suffix in (".so", ".tenon.yaml"):
            shutil.copy(kept / (plugin + suffix), target)
            os.chmod(target / (plugin + suffix), 0o644)
    (folder / "lib/tenon/plugins-1/broken.tenon.yaml").write_text("name: [\n", encoding="utf-8")  # gives the library something to log
    shutil.copy(build / "lib/libtenon.so.1", folder / "lib")
    os.chmod(folder / "lib/libtenon.so.1", 0o755)
    for path in folder.rglob("*"):
        if path.is_dir():
            os.chmod(path, 0o755)
    plain = folder / "plain"
    subprocess.run(["cc", "-std=c99", "-I", ROOT / "capi/include", ROOT / "tests/abi/programs/secure.c", "-o", plain,
                    folder / "lib/libtenon.so.1", f"-Wl,-rpath,{folder}/lib"], check=True)
    os.chmod(plain, 0o755)
    setuid, capable = folder / "setuid", folder / "capable"
    shutil.copy(plain, setuid)
    os.chown(setuid, OWNER, OWNER)
    os.chmod(setuid, 0o4755)
    shutil.copy(plain, capable)
    os.chmod(capable, 0o755)
    subprocess.run(["setcap", "cap_net_bind_service+ep", capable], check=True)
    return plain, setuid, capable


def effect(program, variables):
    """What a person could tell from outside: code, level, plugins with their state, whether anything was logged."""
    environment = {"PATH": "/usr/bin:/bin", **variables}
    result = subprocess.run(["setpriv", f"--reuid={CALLER}", f"--regid={CALLER}", "--clear-groups", program], env=environment,
                            capture_output=True, text=True, check=False)
    if result.returncode < 0 or (result.returncode != 0 and "secure:" not in result.stderr):
        raise SystemExit(f"{program}: status {result.returncode}\n{result.stderr}")
    if result.returncode != 0:
        return "", {"refused": result.stderr}
    output = json.loads(result.stdout)
    plugins = sorted((p["name"], p["state"]) for p in output["plugins"]["plugins"])
    return output["at_secure"], {"level": output["machine"]["level"], "plugins": plugins, "logged": bool(result.stderr)}


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    for tool in ("cc", "setcap", "setpriv"):
        if shutil.which(tool) is None:
            print(f"missing: {tool} (Debian: gcc, libcap2-bin, util-linux)")
            return 1
    if os.geteuid() != 0:
        print("left out: only root can make a set-user-ID program of another user and give a file capabilities")
        return 77
    problems = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        if os.statvfs(folder).f_flag & os.ST_NOSUID:
            print(f"left out: {folder} is on a file system that is mounted nosuid")
            return 77
        plain, setuid, capable = install(folder, build)
        _, usual = effect(plain, {})
        if usual.get("plugins") != [("", "REJECTED"), ("tests.travel-c", "VALIDATED")] or usual["logged"]:
            problems.append(f"without variables: {usual}")
        cases = [("TENON_PLUGIN_PATH", folder / "named"), ("TENON_ADD_PLUGIN_PATH", folder / "named"), ("XDG_DATA_HOME", folder / "data"),
                 ("HOME", folder / "home"), ("TENON_ARCH", "none-such"), ("TENON_LOG", "debug"), ("TENON_PLUGINS_DENY", "tests.*"),
                 ("TENON_PLUGINS_ALLOW", "nobody.*"), ("TENON_SAFE_MODE", "1")]
        for variable, value in cases:
            variables = {variable: str(value)}
            expected = usual
            if variable == "TENON_SAFE_MODE":  # shows only where there is something to leave out
                variables["TENON_ADD_PLUGIN_PATH"] = str(folder / "named")
            _, ordinary = effect(plain, variables)
            without = effect(plain, {k: v for k, v in variables.items() if k != variable})[1]
            if ordinary == without:
                problems.append(f"{variable} has no effect on an ordinary program: {ordinary}")
            for program in (setuid, capable):
                secure, privileged = effect(program, variables)
                if secure != 1:
                    problems.append(f"{program.name}: the kernel did not mark it (AT_SECURE is {secure})")
                if privileged != expected:
                    problems.append(f"{variable} reaches a {program.name} program: {privileged}, without it {expected}")
    print("\n".join(problems))
    print(f"privilege: {len(cases)} variables, 2 kinds of program, {len(problems)} problems")
    return 1 if problems else 0


sys.exit(main())
