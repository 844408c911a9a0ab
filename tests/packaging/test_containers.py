"""The container files say what they should; no container engine is needed to see it."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from wherespent.settings import read_settings

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
FINAL_STAGE = DOCKERFILE[DOCKERFILE.rindex("\nFROM ") :]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "compose.yaml").read_text())


class _Healthz(BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status if self.path == "/healthz" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002 - as in the base


@pytest.fixture
def answering() -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), _Healthz)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def health_check(port: int) -> int:
    found = re.search(r"^HEALTHCHECK .*?CMD (\[.*?\])$", FINAL_STAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    program, *arguments = json.loads(found[1])
    assert program == "python"
    environment = {**os.environ, "WHERESPENT_PORT": str(port), "http_proxy": "http://127.0.0.1:9"}
    command = [sys.executable, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, check=False).returncode


def test_the_health_check_tells_health(answering: HTTPServer, monkeypatch: Any) -> None:
    assert health_check(answering.server_port) == 0
    monkeypatch.setattr(_Healthz, "status", 503)
    assert health_check(answering.server_port) != 0


def test_the_health_check_fails_where_nothing_listens(answering: HTTPServer) -> None:
    port = answering.server_port
    answering.shutdown()
    answering.server_close()
    assert health_check(port) != 0


def test_the_image_runs_as_a_number_and_holds_no_build_tools() -> None:
    assert re.search(r"^USER 10001:10001$", FINAL_STAGE, re.MULTILINE)
    assert "pip install" not in FINAL_STAGE
    assert "apt-get" not in DOCKERFILE


def test_no_secret_is_built_into_the_image() -> None:
    instructions = [line for line in DOCKERFILE.splitlines() if not line.startswith("#")]
    text = "\n".join(instructions)
    assert "PASSWORD" not in text
    assert "ADMIN_KEY" not in text
    assert "\nARG " not in text


def test_the_settings_of_the_image_are_accepted_and_need_a_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = dict(re.findall(r"(WHERESPENT_[A-Z_]+)=(\S+)", FINAL_STAGE))
    assert set(found) == {"WHERESPENT_DATABASE_URL", "WHERESPENT_HOST", "WHERESPENT_PORT"}
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    settings = read_settings(env_file=None)
    assert settings.database_url.get_secret_value() == "sqlite:////data/wherespent.db"
    assert not settings.is_loopback


def test_only_what_the_image_is_made_of_reaches_the_builder() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    wanted = {rule[1:] for rule in rules if rule.startswith("!")}
    copied = {
        name
        for line in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
        for name in line.split()
    }
    assert wanted == copied
    assert all((ROOT / name).exists() for name in wanted)


def test_compose_refuses_to_start_without_passwords(compose: dict[str, Any]) -> None:
    services = compose["services"]
    ours, postgres = services["wherespent"], services["database"]
    assert ours["environment"]["WHERESPENT_PASSWORD"].startswith("${WHERESPENT_PASSWORD:?")
    assert postgres["environment"]["POSTGRES_PASSWORD"].startswith("${POSTGRES_PASSWORD:?")


def test_compose_waits_for_postgres_and_opens_nothing_to_the_network(
    compose: dict[str, Any],
) -> None:
    services = compose["services"]
    ours, postgres = services["wherespent"], services["database"]
    assert ours["depends_on"]["database"]["condition"] == "service_healthy"
    assert "healthcheck" in postgres
    assert "ports" not in postgres
    assert all(port.startswith("127.0.0.1:") for port in ours["ports"])
    assert ours["read_only"] is True
    assert ours["cap_drop"] == ["ALL"]


def test_the_database_of_compose_is_the_one_that_postgres_makes(
    compose: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    services = compose["services"]
    made = services["database"]["environment"]
    url = services["wherespent"]["environment"]["WHERESPENT_DATABASE_URL"]
    expected = f"postgresql://{made['POSTGRES_USER']}:${{POSTGRES_PASSWORD}}@database/"
    assert url == expected + made["POSTGRES_DB"]
    monkeypatch.setenv("WHERESPENT_DATABASE_URL", url.replace("${POSTGRES_PASSWORD}", "abc123"))
    read_settings(env_file=None)
