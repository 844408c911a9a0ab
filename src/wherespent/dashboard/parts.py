"""Parts of a page: what is drawn from one question, and where it is put."""

# pyright: reportUnknownMemberType=false, reportUnusedFunction=false
# Dash does not type its decorators; the callbacks are used by being registered.

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

from dash import Dash, Input, Output

from wherespent.dashboard import shell
from wherespent.dashboard.callbacks import threaded
from wherespent.dashboard.chart_tables import register_chart_table
from wherespent.dashboard.desk import Asked, Desk


class Drawn(Protocol):
    """What PARTS of a page hold: a `Part`, or a table with callbacks of its own."""

    @property
    def outputs(self) -> Sequence[Output]: ...

    def answer(self, desk: Desk, asked: Asked, version: int) -> Sequence[Any]:
        """One value for each of `outputs`, drawn from `version` of the data."""
        ...

    def register(self, app: Dash, desk: Desk) -> None: ...


@dataclass(frozen=True, slots=True)
class Part:
    """`draw` gives one value for each of `outputs`. A part that fails takes no other with it."""

    outputs: Sequence[Output]
    draw: Callable[[Desk, Asked], Sequence[Any]]

    def answer(self, desk: Desk, asked: Asked, version: int) -> Sequence[Any]:
        """Drawn from one state of the data: `version`, read just before."""
        with desk.answers.at(version):
            return self.draw(desk, asked)

    def register(self, app: Dash, desk: Desk) -> None:
        # The first answers come with the layout; a page that is opened later is asked for by
        # the browser once it is there.
        @app.callback(list(self.outputs), Input(shell.ASK, "data"), prevent_initial_call=True)
        @threaded
        @functools.wraps(self.draw)
        def draw(asked: dict[str, Any] | None) -> Sequence[Any]:
            with desk.answers.at() as version:
                return self.answer(desk, desk.asked(asked), version)

        for at, output in enumerate(self.outputs):
            if output.component_property == "figure":
                figure = functools.partial(self._figure, at)
                name = cast("str", output.component_id)
                register_chart_table(app, desk, name, figure)

    def _figure(self, at: int, desk: Desk, asked: Asked) -> Any:
        return self.draw(desk, asked)[at]


def register_parts(app: Dash, desk: Desk, parts: Sequence[Drawn]) -> None:
    """Each part is drawn anew when the question changes."""
    for part in parts:
        part.register(app, desk)
