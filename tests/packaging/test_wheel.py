"""The wheel is complete: installed alone into an empty environment, it migrates and serves."""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from wherespent import __version__
from wherespent.storage.migrations import head

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "wherespent"
WAIT_SECONDS = 60


@pytest.fixture(scope="module")
def uv() -> str:
    found = os.environ.get("UV") or shutil.which("uv") or str(ROOT / ".tools" / "bin" / "uv")
    if not Path(found).exists():
        pytest.fail("no uv to build a wheel with: use `python3 scripts/run.py test`")
    return found


@pytest.fixture(scope="module")
def wheel(uv: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(uv, "build", "--wheel", "--quiet", "--out-dir", str(folder), str(ROOT))
    (built,) = folder.glob("*.whl")
    return built


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel and its dependencies, and a home of its own."""

    bin: Path
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        return {"PATH": os.defpath, "HOME": str(self.home), "COLUMNS": "200"}

    def wherespent(self, *arguments: str) -> str:
        command = [str(self.bin / "wherespent"), *arguments]
        return run(*command, cwd=self.home, env=self.environment)


@pytest.fixture(scope="module")
def installed(uv: str, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("installed")
    place, home, locked = folder / "env", folder / "home", folder / "locked.txt"
    home.mkdir()
    # The versions of uv.lock, without anything that only developers have.
    export = ("export", "--frozen", "--quiet", "--no-dev", "--no-emit-project", "--no-hashes")
    run(uv, *export, "--output-file", str(locked), cwd=ROOT)
    run(uv, "venv", "--quiet", "--python", sys.executable, str(place))
    python = place / "bin" / "python"
    run(uv, "pip", "install", "--quiet", "--python", str(python), "-c", str(locked), str(wheel))
    return Installed(place / "bin", home)


def run(*command: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def files(folder: Path, prefix: str) -> set[str]:
    return {
        f"{prefix}/{path.relative_to(folder).as_posix()}"
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_holds_the_package_the_migrations_and_nothing_else(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    about = f"wherespent-{__version__}.dist-info/"
    package = {name for name in held if not name.startswith(about)}
    wanted = files(PACKAGE, "wherespent") | files(ROOT / "alembic", "wherespent/migrations")
    assert package == wanted
    assert "wherespent/migrations/versions/0001_initial_schema.py" in package
    for suffix in (".js", ".css", ".woff2", ".svg"):
        assert any(
            n.startswith("wherespent/dashboard/assets/") and n.endswith(suffix) for n in held
        )


def test_the_wheel_holds_the_licence_of_everything_in_it(wheel: Path) -> None:
    about = f"wherespent-{__version__}.dist-info/licenses/"
    licences = {Path(n).name for n in zipfile.ZipFile(wheel).namelist() if n.startswith(about)}
    assets = PACKAGE / "dashboard" / "assets"
    assert licences == {"LICENSE", *(path.name for path in assets.glob("*LICENSE*"))}
    assert len(licences) > 1


def test_the_installed_command_explains_itself(installed: Installed) -> None:
    assert installed.wherespent("--version").strip() == f"wherespent {__version__}"
    text = installed.wherespent("--help")
    for command in ("serve", "demo", "sync", "status", "export", "doctor", "db"):
        assert re.search(rf"^\W*{command}\b", text, re.MULTILINE)


@pytest.fixture(scope="module")
def served(installed: Installed) -> Iterator[tuple[str, Path]]:
    """Where `wherespent serve` is, without a key, and its database, empty before."""
    path = installed.home / "new folder" / "wherespent.db"
    environment = {**installed.environment, "WHERESPENT_DATABASE_URL": f"sqlite:///{path}"}
    log = installed.home / "serve.log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            [str(installed.bin / "wherespent"), "serve", "--port", "0"],
            cwd=installed.home,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    assert process.stdout is not None
    try:
        announced = re.search(r"http://\S+", process.stdout.readline())
        assert announced is not None, log.read_text()
        yield announced[0], path
        process.terminate()
        process.wait(5)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def get(url: str) -> httpx.Response:
    return httpx.get(url, timeout=WAIT_SECONDS, trust_env=False)


def test_serve_migrates_an_empty_database_and_is_healthy(served: tuple[str, Path]) -> None:
    url, path = served
    answer = get(f"{url}/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "version": __version__}
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        found = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    connection.close()
    assert found == [(head(),)]


def test_serve_draws_the_page_with_everything_that_it_asks_for(served: tuple[str, Path]) -> None:
    url, _ = served
    page = get(f"{url}/")
    assert page.status_code == 200
    asked = set(re.findall(r'(?:src|href)="(/[^"]+)"', page.text))
    assert {Path(path.split("?")[0]).suffix for path in asked} >= {".js", ".css", ".woff2", ".svg"}
    for path in asked | {"/_dash-layout", "/_dash-dependencies"}:
        answer = get(url + path)
        assert answer.status_code == 200, path
        assert answer.content, path
