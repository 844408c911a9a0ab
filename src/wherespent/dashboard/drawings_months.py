"""Who was billed for what: project by model over the range, and project by month."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from dash import html
from dash.development.base_component import Component

from wherespent.analytics import cost_matrix, months
from wherespent.analytics.months import MonthTable, months_before
from wherespent.analytics.zones import UTC_ZONE
from wherespent.dashboard import gaps
from wherespent.dashboard.components import icon, labelled
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.table_model import Column, Kind, Row, Table
from wherespent.domain.windows import Window, utc
from wherespent.exports.writers import unrun

MODELS_SHOWN = 8
# A year of months, the current one among them.
MONTHS_BEFORE = 11
_NO_MODEL = "No model"
_ABOUT_NO_MODEL = "Tools, storage, and line items whose name holds no model"


def matrix(desk: Desk, asked: Asked) -> Table:
    """Billed cost of the range by project and by the largest models, with totals both ways."""
    found = desk.answers.ask(cost_matrix.cost_matrix, asked.total, MODELS_SHOWN)
    model_label, project_label = desk.label("model"), desk.label("project_id")
    columns = [Column("project", "Project")]
    for at, model in enumerate(found.models):
        title = model_label(model) if model else _NO_MODEL
        about = model or _ABOUT_NO_MODEL
        columns.append(Column(f"model_{at}", title, Kind.MONEY, about=about))
    has_other = found.other_models > 0
    if has_other:
        other = Column("other", f"Other ({found.other_models})", Kind.MONEY)
        columns.insert(len(columns) - ("" in found.models), other)
    columns.append(Column("total", "Total", Kind.MONEY))
    rows = [_matrix_row(asked, row, found.models, project_label(row.project)) for row in found.rows]
    return Table(
        caption="Billed cost by project and model",
        columns=columns,
        rows=_tinted(rows, [it.key for it in columns[1:-1]]),
        total={f"model_{at}": found.totals[model] for at, model in enumerate(found.models)}
        | {"project": f"All {len(rows)}", "total": found.total}
        | ({"other": found.other} if has_other else {}),
        sorted_by="-total",
        empty=gaps.nothing(desk, asked, gaps.COST_STREAMS),
    )


def _matrix_row(asked: Asked, row: cost_matrix.MatrixRow, models: Sequence[str], label: str) -> Row:
    # Of a project that was billed at all, a model that it was not billed for cost nothing.
    cells: dict[str, Any] = {
        f"model_{at}": row.cells.get(model, Decimal()) for at, model in enumerate(models)
    }
    return Row(
        key=row.project,
        values={
            "project": label,
            **cells,
            "other": row.other or Decimal(),
            "total": row.total,
        },
        hrefs=_project_href(asked, row.project),
    )


def _project_href(asked: Asked, project: str) -> Mapping[str, str]:
    return {"project": asked.entity("project_id", project)}


def _tinted(rows: Sequence[Row], columns: Sequence[str]) -> list[Row]:
    """Tinted by the part of the largest cell, so that the eye finds where the money is."""
    cells = [abs(row.values[key]) for row in rows for key in columns if row.values.get(key)]
    largest = max(cells, default=Decimal(1))
    return [
        replace(
            row,
            tints={
                key: float(abs(value) / largest) for key in columns if (value := row.values[key])
            },
        )
        for row in rows
    ]


def month_table(desk: Desk, asked: Asked) -> Table:
    """Billed cost of every month by project, whatever the range: what finance asks for."""
    window = months_before(asked.now, MONTHS_BEFORE)
    filters = replace(asked.filters, window=window, zone=UTC_ZONE)
    found = desk.answers.ask(months.month_table, filters)
    missing = _unread_days(desk, asked, found, window)
    label = desk.label("project_id")
    now = months_before(asked.now, 0).start
    columns = [
        Column("project", "Project"),
        *(
            _month_column(start, is_now=start == now, missing=missing[start])
            for start in found.months
        ),
        Column("total", "Total", Kind.MONEY, about="Of the months that are shown"),
    ]
    rows = [
        Row(
            key=row.project,
            values={"project": label(row.project), "total": row.total}
            | {
                f"month_{start}": row.billed.get(start, None if missing[start] else Decimal())
                for start in found.months
            },
            hrefs=_project_href(asked, row.project),
        )
        for row in found.rows
    ]
    total: dict[str, Any] = {"project": f"All {len(rows)}", "total": found.total}
    total |= {f"month_{start}": found.totals.get(start) for start in found.months}
    table = Table(
        caption="Billed cost by month and project",
        columns=columns,
        rows=rows,
        total=total,
        sorted_by="-total",
        empty=gaps.nothing(desk, asked, gaps.COST_STREAMS),
    )
    return replace(table, note=_paste(table)) if rows else table


def _unread_days(desk: Desk, asked: Asked, found: MonthTable, window: Window) -> Mapping[int, int]:
    """How many begun days of each month were not read."""
    unread = gaps.unread(desk, asked, gaps.COST_STREAMS, window)
    ends = [*found.months[1:], window.end]
    return (
        {
            start: sum(start <= day < end for day in unread)
            for start, end in zip(found.months, ends, strict=True)
        }
        if found.months
        else {}
    )


def _month_column(start: int, *, is_now: bool, missing: int) -> Column:
    said = [
        *(["so far"] if is_now else []),
        *([f"{missing} {'day' if missing == 1 else 'days'} not read"] if missing else []),
    ]
    return Column(f"month_{start}", f"{utc(start):%b %Y}", Kind.MONEY, unit=", ".join(said))


def _paste(table: Table) -> Component:
    """The whole table, in full, as a spreadsheet takes it from the clipboard."""
    lines = [[f"{it.title} {it.unit}".strip() for it in table.columns]]
    lines += [[_pasted(row.values.get(it.key)) for it in table.columns] for row in table.rows]
    lines.append([_pasted((table.total or {}).get(it.key)) for it in table.columns])
    text = "\n".join("\t".join(line) for line in lines)
    copied: dict[str, Any] = {"data-copy": text}
    return html.Div(
        [
            html.Button(
                [icon("copy"), html.Span("Copy for a spreadsheet")],
                type="button",
                className="button small",
                **copied,
            ),
            html.Span(
                "All projects, to the last digit, in USD. Months are UTC months.",
                className="dim",
            ),
            html.Span(className="copied", role="status", **labelled("Copied")),
        ],
        className="paste",
    )


def _pasted(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    return unrun(" ".join(str(value).split()))
