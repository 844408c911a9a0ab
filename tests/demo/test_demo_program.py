"""`python -m wherespent.demo`: it says where it is, and leaves nothing behind."""

import json
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from wherespent.demo import SimulatedOrganization

TODAY = datetime(2026, 11, 21, tzinfo=UTC)


def start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "wherespent.demo", *arguments]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def end(program: subprocess.Popen[str]) -> tuple[int, str]:
    try:
        _, errors = program.communicate(timeout=5)
    finally:
        program.kill()
    return program.returncode, errors


def test_the_program_prints_its_url_and_stops_on_sigterm(tmp_path: Path) -> None:
    switches = tmp_path / "switches.json"
    switches.write_text(json.dumps({"quirks": {"valid_keys": ["sk-admin-only"]}}))
    program = start("--seed", "3", "--now", "2026-11-21T12:20", "--switches", str(switches))
    assert program.stdout is not None
    url = program.stdout.readline().strip()
    assert url.startswith("http://127.0.0.1:")
    assert url.endswith("/v1")
    for key, status in (("sk-admin-only", 200), ("sk-admin-other", 401)):
        headers = {"Authorization": f"Bearer {key}"}
        assert (
            httpx.get(f"{url}/organization/projects", headers=headers, trust_env=False).status_code
            == status
        )
    headers = {"Authorization": "Bearer sk-admin-only"}
    query = {"start_time": int(TODAY.timestamp())}
    page = httpx.get(
        f"{url}/organization/usage/images", params=query, headers=headers, trust_env=False
    ).json()
    there = SimulatedOrganization(3, lambda: TODAY.replace(hour=12, minute=20))
    truth = there.usage_truth("images", TODAY, TODAY + timedelta(days=1))[()]
    assert page["data"][0]["results"][0]["images"] == truth["images"]
    port = url.split(":")[2].removesuffix("/v1")
    assert "Cannot listen on 127.0.0.1" in end(start("--port", port))[1]
    program.send_signal(signal.SIGTERM)
    assert end(program) == (0, "")


def test_the_program_stops_when_its_parent_is_gone() -> None:
    program = start("--with-parent")
    assert program.stdout is not None
    program.stdout.readline()
    assert program.stdin is not None
    program.stdin.close()
    assert program.wait(5) == 0
    program.stdout.close()
    assert program.stderr is not None
    assert program.stderr.read() == ""
    program.stderr.close()
