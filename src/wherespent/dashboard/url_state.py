"""The view that a URL describes: range, granularity and chosen dimensions; only what differs."""

from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qsl, quote, urlencode

from wherespent.analytics.filters import Choice, Filters, Granularity
from wherespent.domain.windows import DAY, Window, epoch, utc

DEFAULT_RANGE = "30d"
CUSTOM = "custom"
AUTO = "auto"
RANGES = {
    "today": "Today",
    "yesterday": "Yesterday",
    "7d": "Last 7 days",
    "30d": "Last 30 days",
    "90d": "Last 90 days",
    "month": "This month",
    "last-month": "Last month",
    "quarter": "This quarter",
    "year": "This year",
    "all": "All time",
}
GRANULARITIES = {
    AUTO: "Auto",
    Granularity.HOUR.value: "Hour",
    Granularity.DAY.value: "Day",
    Granularity.WEEK.value: "Week",
    Granularity.MONTH.value: "Month",
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
}
TABLE = "table"
DIMENSIONS = {"model": "Model", "project": "Project", "user": "User", "key": "API key"}

# What stands for '' (unattributed) in a URL, where an empty value would be lost.
_NONE = "(none)"
_FIRST_DAY = date(2015, 1, 1)
_LAST_DAY = date(2199, 12, 31)
_MOST_VALUES = 50
_LONGEST_VALUE = 300


@dataclass(frozen=True, slots=True)
class View:
    """What a person looks at. `since` and `until` (both included) only with a custom range."""

    range: str = DEFAULT_RANGE
    since: date | None = None
    until: date | None = None
    granularity: str = AUTO
    model: tuple[str, ...] = ()
    project: tuple[str, ...] = ()
    user: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    line_item: tuple[str, ...] = ()
    # '': as the page has it.
    stack: str = ""
    show: str = ""

    @classmethod
    def parse(cls, search: str | None) -> "View":
        """Read a query string; what makes no sense is left out, never an error."""
        asked: dict[str, list[str]] = {}
        for name, value in parse_qsl((search or "").removeprefix("?"), max_num_fields=400):
            asked.setdefault(name, []).append(value[:_LONGEST_VALUE])
        view = cls(
            granularity=_known(asked, "by", GRANULARITIES, AUTO),
            model=_values(asked.get("model")),
            project=_values(asked.get("project")),
            user=_values(asked.get("user")),
            key=_values(asked.get("key")),
            line_item=_values(asked.get("line_item")),
            stack=_known(asked, "stack", STACKS, ""),
            show=_known(asked, "show", (TABLE,), ""),
        )
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
        for name in CHOICES:
            pairs += [(name, value or _NONE) for value in self.chosen(name)]
        pairs += [(name, word) for name in ("stack", "show") if (word := getattr(self, name))]
        pairs += extra.items()
        return "?" + urlencode(pairs, quote_via=quote) if pairs else ""

    def chosen(self, name: str) -> tuple[str, ...]:
        values: tuple[str, ...] = getattr(self, name)
        return values

    def only(self, name: str, value: str) -> "View":
        return replace(self, **{name: (value,)})

    def window(self, now: datetime, oldest: int | None = None) -> Window:
        """The whole UTC days looked at; `oldest` is where "all time" begins."""
        today = now.astimezone(UTC).date()
        if self.since and self.until:
            return _days(self.since, self.until)
        if self.range == "all":
            first = utc(oldest).date() if oldest is not None else today - timedelta(days=29)
            return _days(min(first, today), today)
        return _days(*_preset(self.range, today))

    def filters(self, now: datetime, oldest: int | None = None) -> Filters:
        window = self.window(now, oldest)
        return Filters(
            window=window,
            granularity=self.grain(window),
            project=Choice(self.project),
            model=Choice(self.model),
            user=Choice(self.user),
            api_key=Choice(self.key),
            line_item=Choice(self.line_item),
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


CHOICES = ("model", "project", "user", "key", "line_item")


@dataclass(frozen=True, slots=True)
class PageChoice:
    """A control of one page that lives in the URL: `name` in the query, `words` it may say."""

    name: str
    default: str
    words: tuple[str, ...]

    def of(self, view: View) -> str:
        word: str = getattr(view, self.name)
        return word if word in self.words else self.default

    def dimension(self, view: View) -> str:
        return STACKS[self.of(view)]


CHART_OR_TABLE = PageChoice("show", "chart", ("chart", TABLE))


def _preset(name: str, today: date) -> tuple[date, date]:
    month = today.replace(day=1)
    last_month_end = month - timedelta(days=1)
    quarter = today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1)
    spans: Mapping[str, tuple[date, date]] = {
        "today": (today, today),
        "yesterday": (today - timedelta(days=1), today - timedelta(days=1)),
        "7d": (today - timedelta(days=6), today),
        "90d": (today - timedelta(days=89), today),
        "month": (month, today),
        "last-month": (last_month_end.replace(day=1), last_month_end),
        "quarter": (quarter, today),
        "year": (today.replace(month=1, day=1), today),
    }
    return spans.get(name, (today - timedelta(days=29), today))


def _days(first: date, last: date) -> Window:
    start = epoch(datetime(first.year, first.month, first.day, tzinfo=UTC))
    return Window(start, epoch(datetime(last.year, last.month, last.day, tzinfo=UTC)) + DAY)


def _known(asked: Mapping[str, list[str]], name: str, allowed: Container[str], default: str) -> str:
    value = asked.get(name, [default])[-1]
    return value if value in allowed else default


def _values(raw: list[str] | None) -> tuple[str, ...]:
    unique = dict.fromkeys("" if value == _NONE else value for value in raw or ())
    return tuple(unique)[:_MOST_VALUES]


def _date(raw: list[str] | None) -> date | None:
    try:
        day = date.fromisoformat(raw[-1]) if raw else None
    except ValueError:
        return None
    return day if day and _FIRST_DAY <= day <= _LAST_DAY else None
