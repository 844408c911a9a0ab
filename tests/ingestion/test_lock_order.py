"""Every transaction locks in one order: of two that lock in different orders, one is ended."""

import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event
from tests.builders import Rig

# The claim of a reading, then its runs, then the account, whose version every change moves.
ORDER = ("stream_state", "sync_run", "account")
_CHANGES = re.compile(r"\s*(?:UPDATE|DELETE FROM)\s+(\w+)")


@pytest.fixture
def transactions(rig: Rig) -> Iterator[list[list[str]]]:
    """The tables that each transaction locks rows of, in the order of the first lock."""
    found: list[list[str]] = []

    def begun(_: Any) -> None:
        found.append([])

    def run(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        changed = _CHANGES.match(statement)
        if found and changed and changed[1] not in found[-1]:
            found[-1].append(changed[1])

    engine = rig.database.writer
    event.listen(engine, "begin", begun)
    event.listen(engine, "before_cursor_execute", run)
    yield found
    event.remove(engine, "begin", begun)
    event.remove(engine, "before_cursor_execute", run)


def test_a_whole_round_locks_in_one_order(rig: Rig, transactions: list[list[str]]) -> None:
    rig.organization.faults.script("images", "500", "500", "500", "500", "500", "500")
    rig.cycle("costs", "completions", "images").run(hurry=threading.Event())
    locked = [[table for table in tables if table in ORDER] for tables in transactions]
    assert max(map(len, locked)) >= 2
    for tables in locked:
        assert tables == sorted(tables, key=ORDER.index)
