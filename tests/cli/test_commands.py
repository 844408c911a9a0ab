"""The commands as a person or a script sees them: exit codes, output, errors."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from tests.builders import KEY
from tests.cli.conftest import Command

from wherespent.demo import LoggedRequest, RunningServer
from wherespent.demo.streams import STREAMS as DEMO_STREAMS
from wherespent.errors import WherespentError
from wherespent.providers import STREAMS

COMMANDS = ("serve", "demo", "sync", "status", "verify", "export", "doctor", "db")


def days_ago(number: int) -> str:
    return str((datetime.now(UTC) - timedelta(days=number)).date())


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A key, and an address where nobody listens."""
    monkeypatch.setenv("OPENAI_ADMIN_KEY", KEY)
    monkeypatch.setenv("WHERESPENT_OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    monkeypatch.setenv("WHERESPENT_DATABASE_URL", f"sqlite:///{tmp_path}/w.db")


# Help and codes


def test_help_lists_every_command(command: Command) -> None:
    ran = command("--help")
    assert ran.code == 0
    assert all(name in ran.out for name in COMMANDS)
    assert "wherespent demo" in ran.out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(command: Command, name: str) -> None:
    ran = command(name, "--help")
    assert ran.code == 0
    assert len(ran.out.split()) > 20


def test_the_installed_program_runs() -> None:
    program = Path(sys.executable).parent / "wherespent"
    ran = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout.startswith("wherespent ")) == (0, True)
    wrong = subprocess.run(
        [program, "sync", "--since", "soon"], capture_output=True, text=True, check=False
    )
    assert wrong.returncode == 2
    assert wrong.stdout == ""
    assert "soon" in wrong.stderr
    assert "Traceback" not in wrong.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["frobnicate"],
        ["sync", "--since", "yesterday"],
        ["sync", "--since", "2026-11-05", "--until", "2026-11-05"],
        ["sync", "--stream", "teleports"],
        ["sync", "--faster"],
        ["export", "costs"],
        ["db"],
        [],
    ],
)
@pytest.mark.usefixtures("nowhere")
def test_a_wrong_command_exits_2_with_the_reason(command: Command, arguments: list[str]) -> None:
    ran = command(*arguments)
    assert ran.code == 2
    assert ran.err + ran.out
    assert "Traceback" not in ran.err


def test_a_wrong_setting_exits_2(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHERESPENT_PORT", "eighty")
    ran = command("status")
    assert ran.code == 2
    assert "WHERESPENT_PORT=eighty" in ran.err


def test_a_sync_without_a_key_exits_2_and_says_how_to_get_one(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WHERESPENT_DATABASE_URL", f"sqlite:///{tmp_path}/w.db")
    ran = command("sync")
    assert ran.code == 2
    assert all(
        words in ran.err for words in ("OPENAI_ADMIN_KEY", "api.usage.read", "wherespent demo")
    )


def test_an_error_is_one_message_and_debug_raises_it(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHERESPENT_DATABASE_URL", "postgresql://me:CANARY@127.0.0.1:1/nowhere")
    ran = command("status")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("Error: the database")
    assert "Traceback" not in ran.err
    assert "CANARY" not in ran.err
    with pytest.raises(WherespentError):
        command("status", debug=True)


# sync


def read_by(company: RunningServer) -> list[LoggedRequest]:
    """Without the two questions that tell where a new key belongs."""
    return [
        request
        for request in company.requests
        if request.params.get("group_by") != ["project_id"]
        and not request.path.endswith("/organization/projects")
    ]


def test_sync_reads_everything_and_says_so_per_stream(
    command: Command, company: RunningServer
) -> None:
    ran = command("sync", "--json")
    assert ran.code == 0, ran.err
    summary = json.loads(ran.out)
    assert summary["ok"] is True
    named = {stream["stream"]: stream for stream in summary["streams"]}
    assert set(named) == {*STREAMS, "openai.names"}
    costs = named["openai.costs"]
    assert {"requests", "rows", "buckets_changed", "error"} <= set(costs)
    assert costs["requests"] == len([r for r in read_by(company) if r.path.endswith("/costs")])
    assert costs["account"] == "default"
    assert costs["rows"] > 0
    assert costs["error"] is None


def test_sync_writes_one_line_per_stream_where_there_is_no_terminal(
    command: Command, company: RunningServer
) -> None:
    ran = command("sync", "--stream", "costs", "--stream", "embeddings")
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["openai.costs", "openai.usage.embeddings"]
    assert {r.path.rsplit("/", 1)[-1] for r in read_by(company)} == {"costs", "embeddings"}


def test_sync_reads_from_since_until_until(command: Command, company: RunningServer) -> None:
    arguments = ("--since", days_ago(5), "--until", days_ago(3), "--stream", "completions")
    assert command("sync", *arguments).code == 0
    (request,) = read_by(company)
    start, end = (int(request.params[name][0]) for name in ("start_time", "end_time"))
    assert str(datetime.fromtimestamp(start, UTC).date()) == days_ago(5)
    assert str(datetime.fromtimestamp(end, UTC).date()) == days_ago(3)
    assert command("sync", *arguments).code == 0
    # Both days are past their lag, so they are covered and settled.
    assert len(read_by(company)) == 1


def test_a_stream_that_is_missing_is_no_failure(command: Command, company: RunningServer) -> None:
    company.organization.quirks.missing_endpoints = {"decisions"}
    ran = command("sync", "--stream", "decisions", "--stream", "images", "--json")
    assert ran.code == 0
    statuses = {s["stream"]: s["status"] for s in json.loads(ran.out)["streams"]}
    assert statuses == {"openai.usage.decisions": "unsupported", "openai.usage.images": "done"}


def test_a_failing_stream_exits_1_with_the_others_done(
    command: Command, company: RunningServer
) -> None:
    refusal = {"error": {"message": "Missing scopes: api.usage.read", "code": "missing_scope"}}
    from wherespent.demo import Answer

    company.organization.faults.script("images", Answer(403, refusal))
    ran = command("sync", "--stream", "images", "--stream", "costs", "--json")
    assert ran.code == 1
    summary = json.loads(ran.out)
    assert summary["ok"] is False
    streams = {s["stream"]: s for s in summary["streams"]}
    assert "api.usage.read" in streams["openai.usage.images"]["error"]
    assert streams["openai.costs"]["status"] == "done"


def test_an_unknown_key_exits_1_after_one_request(command: Command, company: RunningServer) -> None:
    company.organization.quirks.revoked_keys = {KEY}
    ran = command("sync")
    assert ran.code == 1
    assert len(company.requests) == 1
    assert "does not know this key" in ran.out


def test_sync_migrates_an_empty_database(
    command: Command,
    company: RunningServer,
    empty_database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WHERESPENT_DATABASE_URL", empty_database_url)
    assert command("sync", "--stream", "images").code == 0
    assert "(head)" in command("db", "current").out
    assert company.requests


# sync, then export: the provider's own sums


def test_an_export_equals_the_provider_s_truth(command: Command, company: RunningServer) -> None:
    organization = company.organization
    frozen = datetime.now(UTC)
    organization.now = lambda: frozen
    assert command("sync").code == 0
    since, until = days_ago(2), days_ago(-1)
    start, end = (datetime.fromisoformat(d).replace(tzinfo=UTC) for d in (since, until))
    span = ("--since", since, "--until", until, "--granularity", "total", "--format", "json")

    ((total,), nanos) = (
        json.loads(command("export", "costs", *span).out),
        sum(organization.cost_truth_nanos(start, end).values()),  # type: ignore[attr-defined]
    )
    assert Decimal(total["billed_usd"]) * 10**9 == nanos
    assert len(total["billed_usd"].split(".")[1]) == 9

    exported = json.loads(command("export", "usage", *span).out)
    rows = {row["stream"].rsplit(".", 1)[-1]: row for row in exported}
    for name in DEMO_STREAMS:
        truth = organization.usage_truth(name, start, end)  # type: ignore[attr-defined]
        expected = truth.get((), {})
        row = rows.get(name, {})
        for measure, value in expected.items():
            assert (row.get(measure) or 0) == value, (name, measure)


def test_an_export_by_project_equals_the_provider_s_truth(
    command: Command, company: RunningServer
) -> None:
    frozen = datetime.now(UTC)
    company.organization.now = lambda: frozen
    command("sync", "--stream", "costs")
    since, until = days_ago(2), days_ago(-1)
    start, end = (datetime.fromisoformat(d).replace(tzinfo=UTC) for d in (since, until))
    ran = command(
        *("export", "costs", "--since", since, "--until", until),
        *("--granularity", "total", "--format", "json", "--group-by", "project_id,line_item"),
    )
    found = {
        (row["project_id"], row["line_item"]): int(Decimal(row["billed_usd"]) * 10**9)
        for row in json.loads(ran.out)
    }
    assert found == company.organization.cost_truth_nanos(  # type: ignore[attr-defined]
        start, end, ("project_id", "line_item")
    )


# status and db


def test_status_tells_every_stream_as_json(command: Command, company: RunningServer) -> None:
    company.organization.quirks.missing_endpoints = {"decisions"}
    command("sync")
    ran = command("status", "--json")
    assert ran.code == 0
    streams = {stream["stream"]: stream for stream in json.loads(ran.out)["streams"]}
    assert set(streams) == set(STREAMS)
    costs = streams["openai.costs"]
    assert costs["watermark"] == f"{days_ago(0)}T00:00:00Z"
    assert costs["oldest"] == f"{days_ago(2)}T00:00:00Z"
    assert costs["rows"] > 0
    assert costs["last_run"]["status"] == "done"
    assert (costs["error"], costs["gaps"]) == (None, [])
    assert streams["openai.usage.decisions"]["state"] == "unsupported"


def test_status_of_a_failed_stream_holds_its_error(
    command: Command, company: RunningServer
) -> None:
    company.organization.quirks.revoked_keys = {KEY}
    command("sync")
    streams = json.loads(command("status", "--json").out)["streams"]
    assert any("does not know this key" in (stream["error"] or "") for stream in streams)


def test_status_is_a_table_for_people(command: Command, company: RunningServer) -> None:
    command("sync", "--stream", "costs")
    ran = command("status")
    assert ran.code == 0
    assert " costs " in ran.out
    assert company.requests


def test_status_of_an_unmigrated_database_says_what_to_do(
    command: Command, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHERESPENT_DATABASE_URL", empty_database_url)
    ran = command("status")
    assert ran.code == 1
    assert "wherespent db upgrade" in ran.err


def test_the_database_goes_up_and_down(
    command: Command, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHERESPENT_DATABASE_URL", empty_database_url)
    assert "none" in command("db", "current").out
    assert command("db", "upgrade").code == 0
    assert "(head)" in command("db", "current").out
    assert command("db", "downgrade", "base", "--yes").code == 0
    assert "none" in command("db", "current").out
    assert command("db", "upgrade", "no-such-revision").code == 1


# doctor


def test_doctor_finds_everything_in_place(command: Command, company: RunningServer) -> None:
    ran = command("doctor")
    assert ran.code == 0, ran.out
    assert "FAIL" not in ran.out
    assert company.requests[0].key == ""  # the first question is asked without the key


def test_doctor_without_a_key(
    command: Command, company: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_ADMIN_KEY")
    ran = command("doctor")
    assert ran.code == 1
    assert "api.usage.read" in ran.out
    assert all(request.key == "" for request in company.requests)


def test_doctor_with_a_project_key(
    command: Command, company: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "sk-proj-abcdef")
    ran = command("doctor")
    assert ran.code == 1
    assert "project key" in ran.out
    assert company.requests


def test_doctor_with_a_missing_scope(command: Command, company: RunningServer) -> None:
    company.organization.quirks.key_scopes = {KEY: frozenset({"api.usage.read"})}
    ran = command("doctor")
    assert ran.code == 1
    granted = next(line for line in ran.out.splitlines() if "scope api.usage.read" in line)
    missing = next(line for line in ran.out.splitlines() if "scope api.management.read" in line)
    assert "granted" in granted
    assert "FAIL" in missing


@pytest.mark.usefixtures("nowhere")
def test_doctor_where_nothing_answers(command: Command) -> None:
    command("db", "upgrade")
    ran = command("doctor")
    assert ran.code == 1
    assert "WHERESPENT_OPENAI_BASE_URL" in ran.out
    assert ran.out.count("FAIL") == 1


def test_doctor_with_an_unmigrated_database(
    command: Command,
    company: RunningServer,
    empty_database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WHERESPENT_DATABASE_URL", empty_database_url)
    ran = command("doctor")
    assert ran.code == 1
    assert "wherespent db upgrade" in ran.out
    assert company.requests


def test_doctor_with_an_unreachable_database(
    command: Command, company: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHERESPENT_DATABASE_URL", "postgresql://me:CANARY@127.0.0.1:1/nowhere")
    ran = command("doctor")
    assert ran.code == 1
    assert "WHERESPENT_DATABASE_URL" in ran.out
    assert "CANARY" not in ran.out + ran.err
    assert company.requests


# The key


CANARY = "sk-admin-CANARY-0123456789abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_the_key_is_never_printed(
    command: Command,
    company: RunningServer,
    monkeypatch: pytest.MonkeyPatch,
    log_format: str,
) -> None:
    monkeypatch.setenv("OPENAI_ADMIN_KEY", CANARY)
    monkeypatch.setenv("WHERESPENT_LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("WHERESPENT_LOG_FORMAT", log_format)
    from wherespent.demo import Answer

    echo = {"error": {"message": f"Incorrect API key provided: {CANARY}.", "param": "start_time"}}
    faults = company.organization.faults
    faults.script("costs", "reset", Answer(400, echo))
    faults.script("images", Answer(401, {"error": {"message": f"Missing scopes: x {CANARY}"}}))
    said = ""
    for arguments in (["sync"], ["sync", "--json"], ["status", "--json"], ["doctor"]):
        ran = command(*arguments)
        said += ran.out + ran.err
    company.organization.quirks.revoked_keys = {CANARY}
    ran = command("sync")
    said += ran.out + ran.err
    assert "CANARY" not in said
    assert any(request.key == CANARY for request in company.requests)


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_an_unexpected_error_is_logged_without_the_key(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], log_format: str
) -> None:
    """A traceback with local variables would show the header that the key is in."""
    import httpx
    import structlog
    from pydantic import SecretStr
    from tests.builders import a_client, the, whole_days

    from wherespent.logs import configure_logs

    def explode(request: httpx.Request) -> httpx.Response:
        raise RuntimeError("boom")

    monkeypatch.setenv("COLUMNS", "60")
    configure_logs("DEBUG", log_format, [SecretStr(CANARY)])
    transport = httpx.MockTransport(explode)
    client = a_client("http://x.test/v1", key=SecretStr(CANARY), transport=transport)
    try:
        list(client.fetch_pages(the("costs"), whole_days(-1, 1), ()))
    except RuntimeError:
        structlog.get_logger().exception("sync failed")
    shown = capsys.readouterr().err
    assert "boom" in shown
    assert not any(CANARY[n : n + 8] in shown for n in range(9, len(CANARY) - 8))
    client.close()
