"""The view that a URL describes: range, granularity and chosen dimensions; only what differs."""

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qsl, quote, urlencode

from wherespent.analytics.filters import EVERYTHING, MOST_HOURLY_DAYS, Choice, Filters, Granularity
from wherespent.analytics.zones import UTC_ZONE, Zone, is_zone
from wherespent.dashboard.ranges import (
    COMPARISONS,
    CUSTOM,
    DEFAULT_RANGE,
    PREVIOUS,
    RANGES,
    Days,
    compared,
    preset,
)
from wherespent.domain.windows import DAY, Window, epoch, utc

AUTO = "auto"
GRANULARITIES = {
    AUTO: "Auto",
    Granularity.HOUR.value: "Hour",
    Granularity.DAY.value: "Day",
    Granularity.WEEK.value: "Week",
    Granularity.MONTH.value: "Month",
    Granularity.QUARTER.value: "Quarter",
}
# How a URL names what a chart is stacked by, and the dimension that it means.
STACKS = {
    "model": "model",
    "line_item": "line_item",
    "project": "project_id",
    "user": "user_id",
    "key": "api_key_id",
    "tier": "service_tier",
    "batch": "batch",
    "account": "account",
}
TABLE = "table"
# The account is offered where there are several.
DIMENSIONS = {
    "account": "Account",
    "model": "Model",
    "project": "Project",
    "user": "User",
    "key": "API key",
}
CHOICES = ("account", "model", "project", "user", "key", "line_item")

# What stands for '' (unattributed) in a URL, where an empty value would be lost.
NONE = "(none)"
_NOT = "!"
# Before a value that is chosen and begins with a sign of its own.
_IS = "="
_RESERVED = frozenset({"range", "from", "to", "by", "compare", "tz", *CHOICES})
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_FIRST_DAY = date(2015, 1, 1)
_LAST_DAY = date(2199, 12, 31)
_MOST_VALUES = 50
_MOST_WORDS = 60
_MOST_FIELDS = 1000
_LONGEST_VALUE = 300
_LONGEST_QUERY = 20_000


@dataclass(frozen=True, slots=True)
class View:
    """What a person looks at. `since` and `until` (both included) only with a custom range.

    `words` are what the controls of pages put into the URL: (name, word), names in order.
    """

    range: str = DEFAULT_RANGE
    since: date | None = None
    until: date | None = None
    granularity: str = AUTO
    compare: str = PREVIOUS
    tz: str = UTC_ZONE.name
    account: Choice = EVERYTHING
    model: Choice = EVERYTHING
    project: Choice = EVERYTHING
    user: Choice = EVERYTHING
    key: Choice = EVERYTHING
    line_item: Choice = EVERYTHING
    words: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, search: str | None) -> "View":
        """Read a query string; what makes no sense is left out, never an error.

        What a page can make of the words of its controls, the page knows (`PageChoice`).
        """
        asked: dict[str, list[str]] = {}
        for name, value in _pairs(search):
            asked.setdefault(name, []).append(value[:_LONGEST_VALUE])
        view = cls(
            granularity=_known(asked, "by", GRANULARITIES, AUTO),
            compare=_known(asked, "compare", COMPARISONS, PREVIOUS),
            tz=_zone(asked),
            words=tuple(_words(asked)),
        )
        view = replace(view, **{name: _choice(asked.get(name, ())) for name in CHOICES})
        since, until = _date(asked.get("from")), _date(asked.get("to"))
        if since and until and since <= until:
            return replace(view, range=CUSTOM, since=since, until=until)
        return replace(view, range=_known(asked, "range", RANGES, DEFAULT_RANGE))

    def query(self, **extra: str) -> str:
        """The shortest query string that `parse` turns back into this view, '' for the default."""
        pairs: list[tuple[str, str]] = []
        if self.since and self.until:
            pairs += [("from", self.since.isoformat()), ("to", self.until.isoformat())]
        elif self.range != DEFAULT_RANGE:
            pairs.append(("range", self.range))
        if self.granularity != AUTO:
            pairs.append(("by", self.granularity))
        if self.compare != PREVIOUS:
            pairs.append(("compare", self.compare))
        if self.tz != UTC_ZONE.name:
            pairs.append(("tz", self.tz))
        for name in CHOICES:
            pairs += [(name, value) for value in _written(self.chosen(name))]
        pairs += [*self.words, *extra.items()]
        return "?" + urlencode(pairs, quote_via=quote) if pairs else ""

    def chosen(self, name: str) -> Choice:
        """What a filter keeps and leaves out."""
        value: Choice = getattr(self, name)
        return value

    def only(self, name: str, value: str) -> "View":
        return replace(self, **{name: Choice((value,))})

    def without(self, *names: str) -> "View":
        """The view without these filters."""
        return replace(self, **dict.fromkeys(names, EVERYTHING))

    def choice(self, name: str) -> str:
        """The word that a control of a page put into the URL, '' where it put none."""
        return next((word for known, word in reversed(self.words) if known == name), "")

    def choices(self, name: str) -> tuple[str, ...]:
        """All words of a control that takes several."""
        return tuple(word for known, word in self.words if known == name)

    def with_choice(self, name: str, *words: str) -> "View":
        """The view with these words for a control, none: as the page has it."""
        others = [pair for pair in self.words if pair[0] != name]
        said = [*others, *((name, word) for word in words)]
        return replace(self, words=tuple(sorted(said, key=lambda pair: pair[0])))

    def window(self, now: datetime, oldest: int | None = None) -> Window:
        """The whole days looked at; `oldest` is where "all time" begins.

        Days of `zone` for usage where that can be answered, else UTC days; the bill of the same
        dates is that of UTC days.
        """
        return self._window_and_zone(now, oldest)[0]

    def _window_and_zone(self, now: datetime, oldest: int | None) -> tuple[Window, Zone]:
        if self.since and self.until:
            window = _days(self.since, self.until)
            return window, self.zone(window)
        zone = Zone(self.tz)
        local = self._named_days(zone, now, oldest)
        if local.seconds <= MOST_HOURLY_DAYS * DAY:
            return local, zone
        # UTC even where these are fewer days: as days of the zone they would lack its hours.
        return self._named_days(UTC_ZONE, now, oldest), UTC_ZONE

    def _named_days(self, zone: Zone, now: datetime, oldest: int | None) -> Window:
        today = zone.today(now)
        if self.range != "all":
            return _days(*preset(self.range, today))
        first = today - timedelta(days=29) if oldest is None else utc(zone.wall(oldest)).date()
        return _days(min(first, today), today)

    def zone(self, window: Window) -> Zone:
        """The zone that usage is shown in: UTC where there are too many hours to shift."""
        return Zone(self.tz) if window.seconds <= MOST_HOURLY_DAYS * DAY else UTC_ZONE

    def compared(self, window: Window) -> Window | None:
        """The days that a window is compared with, None where with nothing."""
        found = compared(self.compare, self.range, _first_and_last(window))
        return _days(*found) if found else None

    def filters(self, now: datetime, oldest: int | None = None) -> Filters:
        window, zone = self._window_and_zone(now, oldest)
        return Filters(
            window=window,
            granularity=self.grain(window),
            account=self.account,
            project=self.project,
            model=self.model,
            user=self.user,
            api_key=self.key,
            line_item=self.line_item,
            zone=zone,
        )

    def grain(self, window: Window) -> Granularity:
        """What was chosen, or what gives a readable number of points."""
        if self.granularity != AUTO:
            return Granularity(self.granularity)
        days = window.seconds // DAY
        if days <= 2:
            return Granularity.HOUR
        return (
            Granularity.DAY
            if days <= 100
            else Granularity.WEEK
            if days <= 400
            else Granularity.MONTH
        )


@dataclass(frozen=True, slots=True)
class PageChoice:
    """A control of a page that lives in the URL under `name`, by its property `value`.

    `words` it may say; None: any short text. `many`: it takes several words.
    """

    name: str
    default: str = ""
    words: tuple[str, ...] | None = None
    many: bool = False

    def __post_init__(self) -> None:
        if self.name in _RESERVED or not _NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} cannot be the name of a page's choice")

    def of(self, view: View) -> str:
        """The one word that the control says."""
        word = view.choice(self.name)
        return word if word and self._knows(word) else self.default

    def all_of(self, view: View) -> tuple[str, ...]:
        """All words that the control says, in the order of the URL."""
        said = view.choices(self.name)
        if said == (NONE,):
            return ()
        found = tuple(word for word in dict.fromkeys(said) if self._knows(word))
        return found or ((self.default,) if self.default else ())

    def dimension(self, view: View) -> str:
        return STACKS[self.of(view)]

    def _knows(self, word: str) -> bool:
        return self.words is None or word in self.words


CHART_OR_TABLE = PageChoice("show", "chart", ("chart", TABLE))


def _pairs(search: str | None) -> list[tuple[str, str]]:
    text = (search or "").removeprefix("?")[:_LONGEST_QUERY]
    # Postgres cannot hold a NUL.
    return [(name, value.replace("\0", "")) for name, value in parse_qsl(text)[:_MOST_FIELDS]]


def _words(asked: Mapping[str, list[str]]) -> Iterator[tuple[str, str]]:
    names = [name for name in sorted(asked) if name not in _RESERVED and _NAME.fullmatch(name)]
    found = [(name, word) for name in names for word in asked[name]]
    yield from found[:_MOST_WORDS]


def _choice(raw: Iterable[str]) -> Choice:
    include: dict[str, None] = {}
    exclude: dict[str, None] = {}
    for value in list(raw)[:_MOST_VALUES]:
        kept = exclude if value.startswith(_NOT) else include
        bare = value.removeprefix(_NOT) if value.startswith(_NOT) else value.removeprefix(_IS)
        kept["" if bare == NONE else bare] = None
    return Choice(tuple(include), tuple(exclude))


def _written(choice: Choice) -> Iterator[str]:
    for value in choice.include:
        yield f"{_IS}{value}" if value.startswith((_NOT, _IS)) else value or NONE
    for value in choice.exclude:
        yield _NOT + (value or NONE)


def _zone(asked: Mapping[str, list[str]]) -> str:
    name = asked.get("tz", [UTC_ZONE.name])[-1]
    return name if is_zone(name) else UTC_ZONE.name


def _first_and_last(window: Window) -> Days:
    return utc(window.start).date(), utc(window.end - DAY).date()


def _days(first: date, last: date) -> Window:
    start = epoch(datetime(first.year, first.month, first.day, tzinfo=UTC))
    return Window(start, epoch(datetime(last.year, last.month, last.day, tzinfo=UTC)) + DAY)


def _known(asked: Mapping[str, list[str]], name: str, allowed: Container[str], default: str) -> str:
    value = asked.get(name, [default])[-1]
    return value if value in allowed else default


def _date(raw: list[str] | None) -> date | None:
    try:
        day = date.fromisoformat(raw[-1]) if raw else None
    except ValueError:
        return None
    return day if day and _FIRST_DAY <= day <= _LAST_DAY else None
