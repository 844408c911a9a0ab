"""What every callback needs: the answers, the clock, and a question parsed from the view."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from dash.exceptions import PreventUpdate

from wherespent.analytics import cost, health, names
from wherespent.analytics.filters import Filters, Granularity
from wherespent.dashboard.answers import Answers
from wherespent.dashboard.formats import shortened
from wherespent.dashboard.url_state import View
from wherespent.providers.openai.streams import COSTS

KINDS = {"project_id": "project", "user_id": "user", "api_key_id": "api_key"}
# Which URL parameter narrows the view to one value of a dimension.
PARAMETERS = {
    "model": "model",
    "project_id": "project",
    "user_id": "user",
    "api_key_id": "key",
    "line_item": "line_item",
}


@dataclass(frozen=True, slots=True)
class DashboardOptions:
    """What the pages must know about the installation."""

    demo: bool = False
    key_configured: bool = True
    sync_enabled: bool = True
    backfill_days: int = 365
    password_set: bool = False
    version: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: the view as filters, at one moment."""

    view: View
    filters: Filters
    now: datetime

    @property
    def by_day(self) -> Filters:
        """Billed cost has no hours."""
        if self.filters.granularity is Granularity.HOUR:
            return replace(self.filters, granularity=Granularity.DAY)
        return self.filters

    @property
    def total(self) -> Filters:
        return replace(self.filters, granularity=Granularity.TOTAL)

    def link(self, dimension: str, key: str) -> str:
        """The URL of the same view, narrowed to one value."""
        return self.view.only(PARAMETERS[dimension], key).query() or "?"


@dataclass(frozen=True, slots=True)
class Desk:
    """Where callbacks get their answers."""

    answers: Answers
    clock: Callable[[], datetime]
    options: DashboardOptions

    @property
    def account(self) -> str:
        return self.answers.account

    def asked(self, ask: Mapping[str, Any] | None) -> Asked:
        """Parse what the shell put down. Before it did, there is nothing to draw."""
        if not ask:
            raise PreventUpdate
        view = View.parse(ask.get("view"))
        now = self.clock()
        oldest = self.oldest(now) if view.range == "all" else None
        return Asked(view, view.filters(now, oldest), now)

    def oldest(self, now: datetime) -> int | None:
        today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        streams = self.answers.ask(health.stream_health, self.account, today)
        return min((row.oldest for row in streams if row.oldest is not None), default=None)

    def provisional(self, now: datetime, stream: str = COSTS.name) -> int:
        return self.answers.ask(
            health.provisional_since, self.account, stream, now.replace(second=0, microsecond=0)
        )

    def label(self, dimension: str) -> Callable[[str], str]:
        """What a person reads for a key of a dimension."""
        kind = KINDS.get(dimension)
        if kind is None:
            return lambda key: shortened(names.display(dimension, key))
        known = self.answers.ask(names.names, self.account, kind)
        return lambda key: shortened(names.display(kind, key, known))

    def ranked(self, dimension: str) -> list[str]:
        """Keys by rank over all that is known: what colours hang on."""
        if dimension not in ("model", "line_item"):
            offered = self.answers.lately(names.options, self.account)
            lists = {
                "project_id": offered.projects,
                "user_id": offered.users,
                "api_key_id": offered.api_keys,
            }
            return [option.id for option in lists.get(dimension, ())]
        # By the bill, whatever the view is filtered to; what costs nothing comes after it.
        points = self.answers.lately(cost.cost_by, self._everything(), dimension)
        billed = sorted(points, key=lambda point: (-point.billed, point.key))
        offered = self.answers.lately(names.options, self.account)
        others = [it.id for it in offered.models] if dimension == "model" else []
        return list(dict.fromkeys([*(point.key for point in billed), *others]))

    def _everything(self) -> Filters:
        days = View(range="90d").filters(self.clock())
        return replace(days, account=self.account, granularity=Granularity.TOTAL)
