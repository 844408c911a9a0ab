"""Answers are computed once per version of the data."""

import threading
import time

import pytest
from sqlalchemy import Connection

from wherespent.dashboard.answers import Answers
from wherespent.storage.engine import Database
from wherespent.storage.series import account_id
from wherespent.storage.writes import advance_version


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
