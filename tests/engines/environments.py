"""Virtual environments of the engines, made on first use. Standard library only: this runs before anything is installed."""
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ATTEMPTS = 4


class SetupError(Exception):
    """An environment cannot be made; the text says what to do."""


def cache_root():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.environ.get("TENON_ENGINES_CACHE") or os.path.join(base, "tenon-engines")


def base_python():
    """The Python that environments are made with, and its version as text."""
    python = os.environ.get("TENON_ENGINES_PYTHON") or sys.executable or "python3"
    result = subprocess.run([python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], capture_output=True, text=True)
    version = result.stdout.strip()
    if result.returncode or tuple(map(int, version.split("."))) < (3, 11):
        raise SetupError(f"{python} is Python {version or '(does not run)'}; the pinned packages need 3.11: set TENON_ENGINES_PYTHON")
    return python, version


def clean_environment():
    """os.environ without what would let another Python's packages in."""
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")}
    return dict(kept, PYTHONDONTWRITEBYTECODE="1", PYTHONNOUSERSITE="1")


def install(python, home, requirements):
    """Makes the environment `home`. A download that breaks off is tried again."""
    result = subprocess.run([python, "-m", "venv", home], capture_output=True, text=True, env=clean_environment())
    if result.returncode:
        raise SetupError(f"'{python} -m venv' failed (Debian: apt-get install python3-venv):\n{(result.stdout + result.stderr).strip()[-1500:]}")
    pip = [os.path.join(home, "bin", "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps",
           "--only-binary=:all:", "-r", requirements]
    for attempt in range(1, ATTEMPTS + 1):
        result = subprocess.run(pip, capture_output=True, text=True, env=clean_environment())
        if result.returncode == 0:
            return
        if attempt < ATTEMPTS:
            print(f"engines: installing failed (attempt {attempt}), trying again in {5 * attempt} s", file=sys.stderr, flush=True)
            time.sleep(5 * attempt)
    raise SetupError(f"'{' '.join(pip)}' failed {ATTEMPTS} times:\n{result.stderr.strip()[-1500:]}")


def environment(name, folder=HERE):
    """Path of the Python of environment `name` ("xla" or "iree"), made now from `folder`'s requirements if it is missing. Several
    processes may ask at once."""
    requirements = os.path.join(folder, f"requirements-{name}.txt")
    python, version = base_python()
    with open(requirements, "rb") as file:
        stamp = hashlib.sha256(file.read() + version.encode()).hexdigest()[:16]
    root = cache_root()
    os.makedirs(root, exist_ok=True)
    home = os.path.join(root, f"{name}-{stamp}")
    executable, done = os.path.join(home, "bin", "python"), os.path.join(home, "complete")
    if os.path.exists(done):
        return executable
    with open(os.path.join(root, f"{name}.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.exists(done):
            return executable
        begin = time.time()
        print(f"engines: making {home}", file=sys.stderr, flush=True)
        shutil.rmtree(home, ignore_errors=True)
        try:
            install(python, home, requirements)
        except SetupError:
            shutil.rmtree(home, ignore_errors=True)
            raise
        with open(done, "w") as file:
            file.write(stamp + "\n")
        print(f"engines: {name} ready after {time.time() - begin:.0f} s", file=sys.stderr, flush=True)
    return executable
