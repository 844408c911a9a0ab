"""What somebody asked for reaches every account, also one that is busy when it is asked."""

import threading
from collections.abc import Callable

from wherespent.ingestion.rounds import Rounds

WAIT = 20


class Busy:
    """A job that ends its first round when it is hastened, as one that reads history does."""

    def __init__(self, started: Callable[[], None] = lambda: None) -> None:
        self.insisted: list[bool] = []
        self._started = started

    def __call__(self, hurry: threading.Event) -> None:
        self.insisted.append(hurry.is_set())
        hurry.clear()
        if len(self.insisted) == 1:
            self._started()
            assert hurry.wait(WAIT)


def test_an_account_that_reads_history_begins_anew_when_a_refresh_is_asked_for() -> None:
    hurry = threading.Event()
    busy, quick = Busy(hurry.set), list[bool]()
    rounds = Rounds(
        {"busy": busy, "quick": lambda asked: quick.append(asked.is_set())}, patience=WAIT
    )
    while not busy.insisted or hurry.is_set():
        rounds.run(hurry)
    assert busy.insisted == [False, True]
    assert quick[-1]


def test_a_refresh_between_two_rounds_reaches_an_account_that_is_still_busy() -> None:
    hurry = threading.Event()
    busy = Busy()
    rounds = Rounds({"busy": busy, "quick": lambda _: None}, patience=0.2)
    rounds.run(hurry)
    assert busy.insisted == [False]
    hurry.set()
    rounds.run(hurry)
    while len(busy.insisted) == 1:
        rounds.run(hurry)
    assert busy.insisted[:2] == [False, True]


def test_without_a_refresh_nobody_begins_twice_in_one_round() -> None:
    done: list[str] = []
    rounds = Rounds(
        {"a": lambda _: done.append("a"), "b": lambda _: done.append("b")}, patience=WAIT
    )
    rounds.run(threading.Event())
    assert sorted(done) == ["a", "b"]
