"""The layout of a visit, with the first answers in it: one answer in place of ten."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from dash import Output
from dash.development.base_component import Component

from wherespent.dashboard import shell, shell_answers
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.parts import Drawn
from wherespent.dashboard.routes import normal_path, page_of
from wherespent.dashboard.several_accounts import laid_out, offered_choices
from wherespent.dashboard.url_state import PageChoice, View

# In a browser that has nothing yet, the scripts take longer than this.
PATIENCE_SECONDS = 0.6
# More would take the time of the scripts, which the same process sends meanwhile.
_WORKERS = 2

T = TypeVar("T")
Put = tuple[Output, Any]

_log = logging.getLogger(__name__)


class FirstView:
    """Makes layouts for one application. Safe to use from any number of threads."""

    def __init__(
        self,
        desk: Desk,
        pages: Mapping[str, Any],
        choices: Mapping[str, PageChoice],
        *,
        patience: float,
    ) -> None:
        self._desk = desk
        self._pages = pages
        self._choices = choices
        self._patience = patience
        self._late: list[Future[Any]] = []
        self._workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="first-view")

    def layout(self, url: str | None) -> Component:
        """The document for a URL of ours, None where it is not known.

        Where an answer fails or takes too long, the layout has none: then the browser asks for
        each part by itself, shows it when it is there, and its failure is logged and shown.
        """
        bare = shell.layout(self._desk.options, self._choices)
        place = urlsplit(url or "")
        path = normal_path(place.path)
        page = page_of(self._pages, path) if url else None
        if page is None:
            return bare
        try:
            answers = self._answers(page, path, f"?{place.query}" if place.query else "")
        except Exception:  # noqa: BLE001 - the same failure is shown by the part that meets it
            _log.debug("no first answers for %s", place.path, exc_info=True)
            return bare
        if answers is not None:
            put(bare, answers)
        return bare

    def _answers(self, page: Any, path: str, search: str) -> list[Put] | None:
        """What goes where; None when it is not there in time. Raises what an answer raises."""
        self._late = [job for job in self._late if not job.done()]
        if len(self._late) >= _WORKERS:
            return None  # a slow database: another visit would only wait longer
        until = time.monotonic() + self._patience
        begun = self._workers.submit(self._begin, page, path, search)
        if not self._are_done([begun], until):
            return None
        ask, asked, content = begun.result()
        desk = self._desk
        parts: Sequence[Drawn] = getattr(page, "PARTS", ())
        asking = [
            (shell_answers.STATE, self._pinned(ask, lambda: shell_answers.state(desk, path))),
            (shell_answers.SETTLED, self._pinned(ask, lambda: shell_answers.settled(desk, asked))),
            *[(part.outputs, _drawing(part, desk, asked, ask["version"])) for part in parts],
        ]
        jobs = [(outputs, self._workers.submit(answer)) for outputs, answer in asking]
        if not self._are_done([job for _, job in jobs], until):
            return None
        put(content, _places(jobs[2:]))
        return [
            (Output(shell.PAGE, "children"), content),
            (Output(shell.CHOICES, "data"), offered_choices(self._choices, desk)),
            (Output(shell.PLACE, "data"), path),
            (Output(shell.VIEW, "data"), search),
            (Output(shell.ASK, "data"), ask),
            *zip(shell_answers.NAVIGATION, shell_answers.navigation(path, search), strict=True),
            *_places(jobs[:2]),
        ]

    def _begin(self, page: Any, path: str, search: str) -> tuple[dict[str, Any], Asked, Component]:
        # Before the answers: what is written meanwhile is asked for again.
        with self._desk.answers.at() as version:
            ask = {"view": search, "version": version, "path": path}
            return ask, self._desk.asked(ask), laid_out(page, View.parse(search), self._desk)

    def _pinned(self, ask: Mapping[str, Any], answer: Callable[[], T]) -> Callable[[], T]:
        def pinned() -> T:
            with self._desk.answers.at(ask["version"]):
                return answer()

        return pinned

    def _are_done(self, jobs: Sequence[Future[Any]], until: float) -> bool:
        """Wait for them; late ones that have begun keep their worker until they end."""
        late = wait(jobs, max(0, until - time.monotonic())).not_done
        self._late += [job for job in late if not job.cancel()]
        return not late


def _drawing(part: Drawn, desk: Desk, asked: Asked, version: int) -> Callable[[], Sequence[Any]]:
    return lambda: part.answer(desk, asked, version)


def _places(jobs: Iterable[tuple[Sequence[Output], Any]]) -> list[Put]:
    return [place for outputs, job in jobs for place in zip(outputs, job.result(), strict=True)]


def put(layout: Component, values: Iterable[Put]) -> None:
    """Set the properties that the outputs name, as a callback would in the browser."""
    for output, value in values:
        place = cast("Component", layout[output.component_id])  # pyright: ignore[reportUnknownMemberType]
        setattr(place, output.component_property, value)
