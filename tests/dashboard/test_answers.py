"""Answers are computed once per version of the data."""

import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from serving import NOW
from sqlalchemy import Connection, event

from wherespent.analytics.cost import cost_by
from wherespent.analytics.filters import Choice, Granularity
from wherespent.dashboard.answers import Answers
from wherespent.dashboard.url_state import View
from wherespent.errors import StorageError
from wherespent.storage.engine import Database, open_database
from wherespent.storage.series import account_id
from wherespent.storage.writes import advance_version

_MONTH = replace(View(range="30d").filters(NOW), granularity=Granularity.TOTAL)


def test_ten_viewers_cost_one_query(acme: Database) -> None:
    asked: list[int] = []

    def question(_: Connection, number: int) -> int:
        asked.append(number)
        time.sleep(0.1)
        return number * 2

    answers = Answers(acme)
    got: list[int] = []
    viewers = [
        threading.Thread(target=lambda: got.append(answers.ask(question, 21))) for _ in range(10)
    ]
    for viewer in viewers:
        viewer.start()
    for viewer in viewers:
        viewer.join()
    assert (asked, got) == ([21], [42] * 10)


def test_a_write_asks_again(nothing: Database) -> None:
    with nothing.write() as connection:
        account = account_id(connection, "default")
    asked: list[int] = []
    answers = Answers(nothing)

    def question(_: Connection) -> int:
        asked.append(1)
        return len(asked)

    assert answers.ask(question) == answers.ask(question) == 1
    with nothing.write() as connection:
        advance_version(connection, account)
    assert answers.ask(question) == 2


def test_a_failure_is_not_kept(acme: Database) -> None:
    answers, failing = Answers(acme), [True]

    def question(_: Connection) -> str:
        if failing:
            failing.clear()
            raise ValueError("once")
        return "answer"

    with pytest.raises(ValueError, match="once"):
        answers.ask(question)
    assert answers.ask(question) == "answer"


def test_memory_is_bounded(acme: Database) -> None:
    answers = Answers(acme, most=3)
    for number in range(10):
        answers.ask(lambda _, it: it, number)
    assert len(answers._kept) == 3


def test_a_drawing_looks_at_the_version_once(nothing: Database) -> None:
    with nothing.write() as connection:
        account = account_id(connection, "default")
    asked: list[str] = []
    answers = Answers(nothing)

    def question(_: Connection, name: str) -> int:
        asked.append(name)
        return len(asked)

    version = answers.version()
    with answers.at(version):
        assert answers.ask(question, "first") == 1
        with nothing.write() as connection:
            advance_version(connection, account)
        assert answers.ask(question, "first") == 1
    # Outside, the same question is asked of the data as it is now.
    assert answers.ask(question, "first") == 2
    assert asked == ["first", "first"]


def test_a_drawing_uses_one_connection(acme: Database) -> None:
    checkouts: list[int] = []

    def count(*_: Any) -> None:
        checkouts.append(1)

    event.listen(acme.reader, "checkout", count)
    answers = Answers(acme)
    with answers.at():
        for number in range(3):
            answers.ask(lambda _, it: it, number)
            answers.lately(lambda _, it: -it, number)
            answers.fresh(lambda _: None)
    event.remove(acme.reader, "checkout", count)
    assert len(checkouts) == 1


def test_a_drawing_goes_on_after_a_question_that_failed(acme: Database) -> None:
    def broken(connection: Connection) -> None:
        connection.exec_driver_sql("SELECT nothing FROM nowhere")

    answers = Answers(acme)
    with answers.at():
        with pytest.raises(StorageError):
            answers.ask(broken)
        assert answers.ask(cost_by, _MONTH, "model")


def test_what_was_asked_lately_is_not_asked_again_while_nothing_is_written(
    nothing: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with nothing.write() as connection:
        account = account_id(connection, "default")
    asked: list[int] = []
    answers = Answers(nothing)

    def question(_: Connection) -> int:
        asked.append(1)
        return len(asked)

    now = time.monotonic()
    assert answers.lately(question) == 1
    monkeypatch.setattr(time, "monotonic", lambda: now + 3600)
    assert answers.lately(question) == 1
    with nothing.write() as connection:
        advance_version(connection, account)
    assert answers.lately(question) == answers.lately(question) == 2
    with nothing.write() as connection:
        advance_version(connection, account)
    assert answers.lately(question) == 2


def test_questions_about_one_window_read_the_facts_once(acme: Database) -> None:
    read: list[str] = []

    def keep(*call: Any) -> None:
        if "FROM cost_slice_day" in call[2]:
            read.append(call[2])

    event.listen(acme.reader, "before_cursor_execute", keep)
    answers = Answers(acme)
    by_model = answers.ask(cost_by, _MONTH, "model")
    by_project = answers.ask(cost_by, _MONTH, "project_id")
    of_project = answers.ask(
        cost_by, replace(_MONTH, project=Choice(include=(by_project[0].key,))), "model"
    )
    event.remove(acme.reader, "before_cursor_execute", keep)
    assert len(read) == 1
    assert sum(it.billed for it in by_model) == sum(it.billed for it in by_project) > 0
    assert sum(it.billed for it in of_project) == by_project[0].billed


def test_those_who_wait_learn_of_a_database_that_is_away(tmp_path: Path) -> None:
    away = open_database(f"sqlite:///{tmp_path / 'away' / 'away.db'}")
    (tmp_path / "away").rmdir()
    answers = Answers(away)
    for _ in range(2):
        with pytest.raises(StorageError):
            answers.lately(lambda _: 1)
        with answers.at(1), pytest.raises(StorageError):
            answers.ask(lambda _: 1)
    assert not answers._kept
