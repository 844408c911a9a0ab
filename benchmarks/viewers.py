"""Ten viewers who never pause: each asks for the next callback when the last one is answered."""

import multiprocessing
import random
import threading
import time
from collections.abc import Sequence
from multiprocessing.queues import Queue

from callbacks import Callback, client_of, send

Timed = tuple[str, float]


def answered(url: str, callbacks: Sequence[Callback], viewers: int, seconds: float) -> list[Timed]:
    """View and seconds of every answer. Asked from a process of its own, as browsers are."""
    context = multiprocessing.get_context("spawn")
    results: Queue[list[Timed]] = context.Queue()
    process = context.Process(target=_look, args=(url, callbacks, viewers, seconds, results))
    process.start()
    found = results.get()
    process.join()
    return found


def _look(
    url: str,
    callbacks: Sequence[Callback],
    viewers: int,
    seconds: float,
    results: "Queue[list[Timed]]",
) -> None:
    by_view: dict[str, list[Callback]] = {}
    for callback in callbacks:
        by_view.setdefault(callback.view, []).append(callback)
    until = time.monotonic() + seconds
    found: list[Timed] = []

    def view(number: int) -> None:
        order = random.Random(number)
        with client_of(url) as client:
            while True:
                for callback in by_view[order.choice(list(by_view))]:
                    took = send(client, callback)
                    if time.monotonic() > until:
                        return
                    found.append((callback.path, took))

    threads = [threading.Thread(target=view, args=(number,)) for number in range(viewers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.put(found)
