"""A part of a page that cannot be drawn: a card with an id that is in the log, and no more."""

import asking
import httpx
import organization
import pytest
import serving
from serving import NOW
from sqlalchemy import insert

from wherespent.dashboard.desk import DashboardOptions
from wherespent.storage import tables
from wherespent.storage.engine import Database


def test_what_nobody_thought_of_is_a_card_with_an_id_that_is_in_the_log(
    nothing: Database, caplog: pytest.LogCaptureFixture
) -> None:
    organization.build(nothing, NOW, days=3)
    with nothing.write() as connection:
        connection.execute(
            insert(tables.proof).values(
                account_id=1,
                name="costs.total",
                status="of a later version",
                checked=1,
                failing=0,
                reason="",
                offending="[]",
                checked_at=NOW,
            )
        )
    with (
        serving.served(serving.assembled(nothing, lambda: NOW, DashboardOptions())) as url,
        httpx.Client(base_url=url) as client,
    ):
        answer = asking.call(client, asking.find(client, "health-proof.children"))
        other = asking.call(client, asking.find(client, "health-streams.children"))
    assert answer.status_code == 200
    card = answer.json()["sideUpdate"]["trouble"]["children"]
    assert "Part of this page could not be drawn" in str(card)
    for inside in ("Traceback", "ValueError", "later version", ".py"):
        assert inside not in answer.text
    incident = next(it.getMessage().split()[-1] for it in caplog.records if "incident" in it.msg)
    assert incident in str(card)
    # The others are drawn.
    assert "completions" in other.text
