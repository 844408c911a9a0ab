"""A real server whose key is replaced in its file, and one that reads two organizations."""

import json
from pathlib import Path

from sqlalchemy import text
from tests.builders import KEY
from tests.ingestion.test_schedule_process import Server, until

from wherespent.demo import RunningServer, SimulatedOrganization, serve
from wherespent.storage.engine import Database

SECOND = "sk-admin-second"


def count(database: Database, sql: str) -> int:
    with database.read() as connection:
        return connection.scalar(text(sql)) or 0


def end(server: Server) -> None:
    server.end()
    assert server.process.stdout is not None
    server.process.stdout.close()


def test_a_key_that_is_replaced_in_its_file_is_used_without_a_restart(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "key"
    file.write_text(KEY)
    with serve(SimulatedOrganization(7)) as company:
        company.organization.quirks.revoked_keys = {KEY}
        settings = {"OPENAI_ADMIN_KEY": "", "OPENAI_ADMIN_KEY_FILE": str(file)}
        server = Server(database_url, company.url, tmp_path, **settings)
        until(lambda: count(database, "SELECT COUNT(*) FROM account_key WHERE error <> ''") == 1)
        file.write_text(SECOND)
        until(lambda: count(database, "SELECT COUNT(*) FROM coverage") >= 12)
        end(server)
    assert KEY not in server.log.read_text()
    assert SECOND not in server.log.read_text()


def test_a_server_reads_two_organizations_and_a_hanging_one_does_not_delay_the_other(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    other = SimulatedOrganization(8)
    other.organization_id = "org-other"

    def of(company: RunningServer, label: str, key: str) -> dict[str, str]:
        return {"label": label, "key": key, "base_url": company.url}

    with serve(SimulatedOrganization(7)) as hanging, serve(other) as company:
        hanging.organization.faults.hang_seconds = 300
        hanging.organization.faults.script("/", "hang", times=1000)
        listed = json.dumps([of(hanging, "hangs", KEY), of(company, "works", SECOND)])
        settings = {"OPENAI_ADMIN_KEY": "", "WHERESPENT_ACCOUNTS": listed}
        server = Server(database_url, company.url, tmp_path, **settings)
        until(lambda: count(database, "SELECT COUNT(*) FROM coverage") >= 12 * 4)
        works = (
            "SELECT COUNT(*) FROM cost_day f JOIN account a ON a.id = f.account_id WHERE a.label"
        )
        assert count(database, f"{works} = 'works'") > 0
        assert count(database, f"{works} = 'hangs'") == 0
        end(server)
