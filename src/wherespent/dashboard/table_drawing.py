"""A table as HTML: headings that sort, links, shares and small lines, rows that open."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from wherespent.dashboard import formats
from wherespent.dashboard.components import Element, blank, element, share, spark
from wherespent.dashboard.table_model import Column, Kind, Row, Table
from wherespent.dashboard.table_view import Arranged, TableView, arranged, chosen_columns

# What "show all" draws at most: more is found by the filter, or exported.
MOST_SHOWN = 500
_STEP = 50
_LONGEST_NAME = 64

Detail = Callable[[str], Any]


def body(table: Table, view: TableView, detail: Detail | None, shown: int) -> Any:
    """The rows that are seen now, the total of all that pass the filter, and how many there are."""
    if not table.rows:
        return table.empty or blank("Nothing to list", "There is nothing of this in the range.")
    seen = arranged(table, view)
    most = min(MOST_SHOWN, max(view.shown, shown))
    parts = [_table(seen, seen.rows[:most], view, detail), _foot(seen, most)]
    if table.note is not None:
        parts.append(element("Div", table.note, className="table-note"))
    return parts


def plain(table: Table) -> Any:
    """The same table without anything to press: all rows as they are."""
    seen = arranged(table, TableView())
    return _table(seen, seen.rows[:MOST_SHOWN], TableView(), None, is_plain=True)


def column_choices(table: Table, view: TableView) -> list[Element]:
    """One button a column, pressed where it is shown. The first column always is."""
    chosen = chosen_columns(table, view)
    return [
        element(
            "Button",
            column.title,
            type="button",
            className="menu-item check",
            **{"data-column": column.key, "aria-pressed": str(column in chosen).lower()},
        )
        for column in table.columns[1:]
    ]


def tools_look(table: Table, view: TableView) -> str:
    """Nothing to filter in a few rows, nothing to do at all with none."""
    if not table.rows:
        return "table-tools none"
    return "table-tools few" if len(table.rows) <= 8 and not view.text else "table-tools"


def _table(
    seen: Arranged,
    rows: Sequence[Row],
    view: TableView,
    detail: Detail | None,
    *,
    is_plain: bool = False,
) -> Element:
    largest = {it.key: _largest(it, seen.rows) for it in seen.columns if it.kind is Kind.SHARE}
    lines: list[Element] = []
    for row in rows:
        is_open = detail is not None and row.key in view.opened
        opener = _opener(row, seen.columns, is_open=is_open) if detail else None
        lines.append(_row(row, seen.columns, largest, opener, is_open=is_open))
        if detail and is_open:
            lines.append(_opened(row, len(seen.columns), detail))
    if not rows:
        nothing = element("Td", "No row has these words.", colSpan=len(seen.columns))
        lines.append(element("Tr", nothing, className="none"))
    parts = [
        element("Caption", seen.table.caption, className="unseen"),
        element(
            "Thead", element("Tr", [_heading(it, seen, is_plain=is_plain) for it in seen.columns])
        ),
        element("Tbody", lines),
    ]
    if seen.total is not None:
        parts.append(element("Tfoot", element("Tr", _total(seen))))
    region = {"role": "region", "aria-label": seen.table.caption}
    look = "scroll table opening" if detail else "scroll table"
    return element("Div", element("Table", parts), className=look, tabIndex=0, **region)


def _heading(column: Column, seen: Arranged, *, is_plain: bool) -> Element:
    title: Any = column.title
    if column.unit and column.kind is not Kind.RATE:
        title = [title, " ", element("Span", column.unit, className="unit")]
    look = "left" if _is_left(column) else None
    about = {"title": column.about or None}
    if column.kind is Kind.TREND or is_plain:
        return element("Th", title, scope="col", className=look, **about)
    is_by = seen.sorted_by.removeprefix("-") == column.key
    is_down = seen.sorted_by.startswith("-")
    order = ("descending" if is_down else "ascending") if is_by else None
    # A number is asked for from the largest on, a name from A.
    starts_down = column.kind is not Kind.TEXT
    down = not is_down if is_by else starts_down
    button = element(
        "Button",
        title,
        type="button",
        className="sort",
        **about,
        **{"data-sort": f"-{column.key}" if down else column.key},
    )
    sorting = {"aria-sort": order} if order else {}
    return element("Th", button, scope="col", className=look, **sorting)


def _row(
    row: Row,
    columns: Sequence[Column],
    largest: Mapping[str, float],
    opener: Element | None,
    *,
    is_open: bool,
) -> Element:
    cells = [_cell(row, column, largest.get(column.key, 1.0)) for column in columns]
    if opener is not None:
        first = cells[0]["props"]
        # Dash draws no list inside of a list.
        inside = element("Span", first["children"], className="opens-name")
        first["children"] = element("Span", [opener, inside], className="opens")
    return element("Tr", cells, className="open" if is_open else None)


def _opener(row: Row, columns: Sequence[Column], *, is_open: bool) -> Element:
    name = str(row.values.get(columns[0].key) or row.key)
    said = {
        "aria-expanded": str(is_open).lower(),
        "aria-label": f"Details of {name}",
        "data-open": row.key,
    }
    return element("Button", type="button", className="opener", **said)


def _opened(row: Row, columns: int, detail: Detail) -> Element:
    inside = element("Div", detail(row.key), className="detail-inside")
    return element("Tr", element("Td", inside, colSpan=columns), className="detail")


def _cell(row: Row, column: Column, largest: float) -> Element:
    value = row.values.get(column.key)
    if unit := row.units.get(column.key):
        column = replace(column, unit=unit)
    if column.kind is Kind.SHARE and not isinstance(value, str | None):
        return share(formats.percent(value), float(value) / largest)
    shown, title = written(column, value)
    href = row.hrefs.get(column.key)
    content: Any = shown
    if href and value is not None:
        content = _link(shown, href, title)
        title = None
    if mark := row.marks.get(column.key):
        content = [content, element("Span", mark, className="tag")]
    look = _look(column, value)
    if tint := row.tints.get(column.key):
        look, style = f"{look or ''} tint".strip(), {"--tint": f"{tint:.3f}"}
        return element("Td", content, className=look, title=title, style=style)
    return element("Td", content, className=look, title=title)


def written(column: Column, value: Any) -> tuple[Any, str | None]:
    """What a cell shows, and all of its digits where that is more."""
    if value is None:
        return formats.MISSING, "Not known"
    if column.kind is Kind.TREND:
        return spark(value), None
    if isinstance(value, str):
        text = formats.shortened(value, _LONGEST_NAME)
        return text, value if text != value else None
    shown, full = _WRITERS[column.kind](column, value)
    return shown, full if full != shown else None


def _money(_: Column, value: Decimal) -> tuple[str, str]:
    return formats.usd(value), formats.exact_usd(value)


def _count(_: Column, value: float) -> tuple[str, str]:
    return formats.compact(value), formats.count(value)


def _number(_: Column, value: Decimal | float) -> tuple[str, str]:
    return formats.compact(float(value)), f"{value:,}"


def _percent(_: Column, value: Decimal | float) -> tuple[str, str]:
    text = formats.percent(value)
    return text, text


def _rate(column: Column, value: Decimal) -> tuple[str, str]:
    unit = f" / {formats.unit(column.unit)}" if column.unit else ""
    return formats.rate(value, column.unit), f"${value:f}{unit}"


def _change(_: Column, value: Decimal | float) -> tuple[Any, str]:
    text = formats.change(1 + float(value), 1.0)
    look = "tag up" if value > 0 else "tag down" if value < 0 else "tag"
    return element("Span", text, className=look), text


def _moment(_: Column, value: datetime) -> tuple[str, str]:
    return (
        f"{formats.day(value, year=True)}, {value:%H:%M}",
        f"{value:%Y-%m-%d %H:%M:%S} UTC",
    )


def _day(_: Column, value: date) -> tuple[str, str]:
    return formats.day(value, year=True), value.isoformat()


_WRITERS: dict[Kind, Callable[[Column, Any], tuple[Any, str]]] = {
    Kind.TEXT: lambda _, value: (str(value), str(value)),
    Kind.MONEY: _money,
    Kind.COUNT: _count,
    Kind.NUMBER: _number,
    Kind.SHARE: _percent,
    Kind.RATE: _rate,
    Kind.CHANGE: _change,
    Kind.MOMENT: _moment,
    Kind.DAY: _day,
}


def _link(text: str, href: str, title: str | None) -> Element:
    properties = {"children": text, "href": href, "title": title}
    return {"namespace": "dash_core_components", "type": "Link", "props": properties}


def _total(seen: Arranged) -> list[Element]:
    total = seen.total or {}
    cells: list[Element] = []
    for number, column in enumerate(seen.columns):
        value = total.get(column.key)
        if number == 0:
            many = f"{formats.count(len(seen.rows))} of {formats.count(len(seen.table.rows))} rows"
            cells.append(element("Td", many if seen.is_filtered else value or "Total"))
        elif value is None:
            cells.append(element("Td", "", className=_look(column, value)))
        else:
            shown, title = written(column, value)
            cells.append(element("Td", shown, className=_look(column, value), title=title))
    return cells


def _foot(seen: Arranged, most: int) -> Element | None:
    """How many of the rows are there, and the way to the others."""
    count, all_rows = len(seen.rows), len(seen.table.rows)
    if count <= most and not seen.is_filtered:
        return None
    said = f"{formats.count(min(most, count))} of {formats.count(count)} rows"
    if seen.is_filtered:
        said += f" that match, {formats.count(all_rows)} in all"
    parts: list[Any] = [element("Span", said, role="status")]
    reachable = min(count, MOST_SHOWN)
    if reachable > most:
        if reachable > most + _STEP:
            parts.append(_more(f"Show {_STEP} more", most + _STEP))
        parts.append(
            _more(f"Show {'all' if reachable == count else 'first'} {reachable}", reachable)
        )
    elif count > most:
        parts.append(element("Span", "The filter and the downloads have the others."))
    return element("Div", parts, className="table-more")


def _more(text: str, shown: int) -> Element:
    return element("Button", text, type="button", className="more", **{"data-show": shown})


def _largest(column: Column, rows: Sequence[Row]) -> float:
    values = [row.values.get(column.key) for row in rows]
    known = [abs(float(it)) for it in values if isinstance(it, int | float | Decimal)]
    return max(known, default=0.0) or 1.0


def _look(column: Column, value: Any) -> str | None:
    if _is_left(column):
        return "left"
    if column.kind is Kind.TREND:
        return "trend"
    if column.kind is Kind.MONEY and value == 0:
        return "zero"
    return "unknown" if value is None or isinstance(value, str) else None


def _is_left(column: Column) -> bool:
    return column.kind is Kind.TEXT
