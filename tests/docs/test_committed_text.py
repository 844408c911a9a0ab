"""What is committed works for everyone: no names of registries or of one machine in it."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# In pieces, so that this file does not hold them.
FORBIDDEN = tuple(
    "".join(pieces)
    for pieces in (
        ("py", "pi.org"),
        ("python", "hosted"),
        ("registry.", "npmjs"),
        ("deb.", "debian.org"),
        ("crates", ".io"),
        ("/", "work/"),
        ("/", "root/"),
        ("/", "home/"),
        ("/tmp/", "boot"),
    )
)
# The lock names where each package is from, by its nature; a minified library is not our text.
TOOLS = {".git", ".venv", ".tools", ".pytest_cache", ".ruff_cache", ".hypothesis", "dist", ".env"}
NOT_OURS = {"uv.lock", "plotly-basic.min.js"}


def committed() -> list[Path]:
    """Files that are in git, or would be."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        # No git here: every file that is not in a folder of a tool.
        return [path for path in ROOT.rglob("*") if not TOOLS & {*path.relative_to(ROOT).parts}]
    return [ROOT / name for name in names.split("\0") if name]


def test_no_committed_text_names_a_registry_or_a_path_of_one_machine() -> None:
    found: list[str] = []
    for path in committed():
        if path.name in NOT_OURS or not path.is_file():
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {word}" for word in FORBIDDEN if word in text]
    assert found == []
