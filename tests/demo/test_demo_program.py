"""`python -m wherespent.demo`: it says where it is, and leaves nothing behind."""

import json
import signal
import subprocess
import sys
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from wherespent.demo import FAULT_KINDS, Quirks, SimulatedOrganization
from wherespent.demo.faults import SHAPES
from wherespent.demo.quirks import QUIRKS

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


def test_faults_and_quirks_are_chosen_on_the_command_line() -> None:
    program = start("--fault", "503", "--fault-probability", "1", "--quirk", "unknown_fields")
    assert program.stdout is not None
    base = program.stdout.readline().strip().removesuffix("/v1")
    assert httpx.get(f"{base}/v1/organization/users", trust_env=False).status_code == 503
    told = httpx.get(f"{base}/control", trust_env=False).json()
    assert told == {"probability": 1.0, "injected": {"503": 1}}
    httpx.post(f"{base}/control/clear", trust_env=False)
    headers = {"Authorization": "Bearer sk-admin-x"}
    query = {"start_time": int(datetime.now(UTC).timestamp()) - 3600}
    page = httpx.get(
        f"{base}/v1/organization/usage/images", params=query, headers=headers, trust_env=False
    ).json()
    assert "x_trace" in page
    program.send_signal(signal.SIGTERM)
    assert end(program) == (0, "")


def test_help_lists_every_fault_and_every_quirk() -> None:
    command = [sys.executable, "-m", "wherespent.demo", "--help"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert {*FAULT_KINDS, *QUIRKS} <= set(told.split())


def test_an_unknown_fault_is_refused_with_the_known_ones() -> None:
    code, errors = end(start("--fault", "418"))
    assert code == 2
    assert "fresh_cursor" in errors
    assert end(start("--fault-probability", "30"))[0] == 2


def test_every_quirk_that_is_listed_is_one_that_can_be_switched_on() -> None:
    switches = {each.name for each in fields(Quirks) if each.type in {"bool", bool}}
    assert switches - {"history_limited"} == set(QUIRKS)
    assert set(SHAPES.values()) <= set(QUIRKS)
