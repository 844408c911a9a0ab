"""A disk of its own, small enough to be full, and what the program says of it."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.faults.forked import Command

MEGABYTE = 1 << 20


def mount(folder: Path, *options: str) -> None:
    """Skips where this may not be done."""
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    done = subprocess.run(
        ["mount", "-t", "tmpfs", *options, "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip(f"this root may not mount: {done.stderr.strip()}")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 32 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount(folder, "-o", "size=32m")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def what_it_says(folder: Path, url: str) -> str:
    """What `wherespent status` tells a person or a script."""
    status = Command(["status", "--json"], {"WHERESPENT_DATABASE_URL": url}, folder)
    assert status.ended() == 0, status.said()
    told = json.loads(status.said())
    errors = [stream["error"] for stream in told["streams"]]
    return " ".join(filter(None, [told["storage"], *errors]))


def fill_up(folder: Path) -> Path:
    """Take all the space that is left."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (MEGABYTE, 4096):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return ballast
