"""What every callback needs: the answers, the clock, and a question parsed from the view."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from dash.exceptions import PreventUpdate

from wherespent.analytics import all_accounts, names
from wherespent.analytics.accounts import ACCOUNT, labels
from wherespent.analytics.appearance import in_order_of_appearance, in_order_seen
from wherespent.analytics.filters import Filters, Granularity
from wherespent.analytics.hours_kept import hours_kept_since
from wherespent.analytics.zones import UTC_ZONE
from wherespent.dashboard.answers import Answers
from wherespent.dashboard.formats import shortened
from wherespent.dashboard.links import PARAMETERS, entity_href
from wherespent.dashboard.routes import normal_path, subject
from wherespent.dashboard.url_state import View
from wherespent.domain.pricing import PriceBook
from wherespent.providers.openai.streams import COSTS

KINDS = {"project_id": "project", "user_id": "user", "api_key_id": "api_key"}


@dataclass(frozen=True, slots=True)
class DashboardOptions:
    """What the pages must know about the installation."""

    demo: bool = False
    key_configured: bool = True
    sync_enabled: bool = True
    backfill_days: int = 365
    live: str = "watched"
    password_set: bool = False
    version: str = ""
    # Without any, every estimated cost is "price missing".
    prices: PriceBook = field(default_factory=PriceBook)


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: the view as filters, at one moment, on one page."""

    view: View
    filters: Filters
    now: datetime
    # Not 0: hours were wanted, and only those from here on are kept.
    hours_since: int = 0
    # Where the hours that are kept begin; 0: always, or no hours are asked for.
    kept_since: int = 0
    # As in the address: what stands behind the first part is percent-encoded.
    path: str = "/"

    @property
    def by_day(self) -> Filters:
        """Billed cost has no hours."""
        if self.filters.granularity is Granularity.HOUR:
            return replace(self.filters, granularity=Granularity.DAY)
        return self.filters

    @property
    def total(self) -> Filters:
        return replace(self.filters, granularity=Granularity.TOTAL)

    @property
    def compared(self) -> Filters | None:
        """The same question about the period to compare with; None where nothing is compared."""
        window = self.view.compared(self.filters.window)
        if window is None:
            return None
        zone = self.filters.zone
        is_kept = zone.is_utc or zone.utc_window(window).start >= self.kept_since
        # Of days whose hours are not there, or are too many, UTC days come closest.
        if not is_kept or self.view.zone(window) != zone:
            zone = UTC_ZONE
        return replace(self.filters, window=window, zone=zone)

    @property
    def subject(self) -> str:
        """The id that the page is about ("proj_1" of /projects/proj_1), '' of other pages."""
        return subject(self.path)

    def link(self, dimension: str, key: str) -> str:
        """The URL of the same view, narrowed to one value."""
        return self.view.only(PARAMETERS[dimension], key).query() or "?"

    def entity(self, dimension: str, key: str) -> str:
        """The page of one value of a dimension; the narrowed view where it has none."""
        return entity_href(self.view, dimension, key)


@dataclass(frozen=True, slots=True)
class Desk:
    """Where callbacks get their answers. `only` is the one account that a part is about."""

    answers: Answers
    clock: Callable[[], datetime]
    options: DashboardOptions
    only: str = ""

    @property
    def account(self) -> str:
        """The account of what can only be told of one: `only`, else the first."""
        return self.only or self.accounts()[0]

    def accounts(self) -> tuple[str, ...]:
        """The labels of all accounts that are stored."""
        return self.answers.ask(labels)

    @property
    def has_several_accounts(self) -> bool:
        return len(self.accounts()) > 1

    def offered(self, view: View) -> View:
        """The view as its controls can show it: one account is nothing to stack by."""
        if not any(word == ACCOUNT for _, word in view.words) or self.has_several_accounts:
            return view
        return replace(view, words=tuple(pair for pair in view.words if pair[1] != ACCOUNT))

    def of(self, account: str) -> "Desk":
        """The same desk for parts that are about one account."""
        return replace(self, only=account)

    def asked(self, ask: Mapping[str, Any] | None) -> Asked:
        """Parse what the shell put down. Before it did, there is nothing to draw."""
        if not ask:
            raise PreventUpdate
        view = self.offered(View.parse(ask.get("view")))
        now = self.clock()
        oldest = self.oldest(now) if view.range == "all" else None
        path = normal_path(ask.get("path"))
        return self._with_kept_hours(Asked(view, view.filters(now, oldest), now, path=path))

    def _with_kept_hours(self, asked: Asked) -> Asked:
        """By UTC day, where the hours of the range were let go of: half a chart would mislead."""
        filters = asked.filters
        if filters.grain is not Granularity.HOUR and filters.zone.is_utc:
            return asked
        since = self.answers.ask(hours_kept_since)
        asked = replace(asked, kept_since=since)
        if filters.zone.utc_window(filters.window).start >= since:
            return asked
        by_hour = filters.grain is Granularity.HOUR
        grain = Granularity.DAY if by_hour else filters.granularity
        by_day = replace(filters, granularity=grain, zone=UTC_ZONE)
        return replace(asked, filters=by_day, hours_since=since)

    def oldest(self, now: datetime) -> int | None:
        today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return self.answers.ask(all_accounts.oldest, today)

    def provisional(self, now: datetime, stream: str = COSTS.name) -> int:
        return self.answers.ask(
            all_accounts.provisional_since, stream, now.replace(second=0, microsecond=0)
        )

    def label(self, dimension: str) -> Callable[[str], str]:
        """What a person reads for a key of a dimension."""
        kind = KINDS.get(dimension)
        if kind is None:
            return lambda key: shortened(names.display(dimension, key))
        known = (
            self.answers.ask(names.names, self.only, kind)
            if self.only
            else self.answers.ask(names.all_names, kind)
        )
        return lambda key: shortened(names.display(kind, key, known))

    def ranked(self, dimension: str) -> list[str]:
        """Keys in an order that new data only adds to: what colours hang on."""
        if dimension in ("model", "line_item", "project_id"):
            now = self.clock().replace(hour=0, minute=0, second=0, microsecond=0)
            return self.answers.lately(in_order_of_appearance, now, dimension)
        if dimension in ("user_id", "api_key_id"):
            return self.answers.lately(in_order_seen, KINDS[dimension])
        return list(self.accounts()) if dimension == "account" else []
