"""Billed cost as a matrix of projects and models, with totals both ways."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from sqlalchemy import Connection

from wherespent.analytics.cost import billed_nanos
from wherespent.analytics.filters import Filters, Granularity
from wherespent.domain.money import from_nanos


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One project. `cells` has a value where the project was billed for the model; `other` is
    everything that has no column of its own, None where there is nothing of it.
    """

    project: str
    cells: Mapping[str, Decimal]
    other: Decimal | None
    total: Decimal


@dataclass(frozen=True, slots=True)
class CostMatrix:
    """US dollars by project, the largest first, and by the `models` that cost most.

    '' among `models` is what has no model: tools, storage, and what OpenAI does not name. `totals`
    are of the columns. Rows, columns and `total` add up exactly.
    """

    models: tuple[str, ...]
    other_models: int
    rows: tuple[MatrixRow, ...]
    totals: Mapping[str, Decimal]
    other: Decimal
    total: Decimal


def cost_matrix(connection: Connection, filters: Filters, most: int) -> CostMatrix:
    """The matrix over the whole window, with at most `most` models (one more where it is the
    last). Raises QuestionRefused.
    """
    whole = replace(filters, granularity=Granularity.TOTAL)
    found = billed_nanos(connection, whole, "project_id", "model_key")
    cells = {(project, model): nanos for (_, project, model), (nanos,) in found.items()}
    by_project, by_model = _summed(cells, 0), _summed(cells, 1)
    ranked = [key for key in _ranked(by_model) if key]
    shown = ranked if len(ranked) <= most + 1 else ranked[:most]
    models = (*shown, "") if "" in by_model else tuple(shown)
    of_project: dict[str, dict[str, int]] = defaultdict(dict)
    for (project, model), nanos in cells.items():
        of_project[project][model] = nanos
    rows = [_row(project, models, of_project[project]) for project in _ranked(by_project)]
    total = sum(by_project.values())
    named = sum(by_model[model] for model in models)
    return CostMatrix(
        models,
        len(ranked) - len(shown),
        tuple(rows),
        {model: from_nanos(by_model[model]) for model in models},
        from_nanos(total - named),
        from_nanos(total),
    )


def _row(project: str, models: tuple[str, ...], own: Mapping[str, int]) -> MatrixRow:
    shown = {model: from_nanos(own[model]) for model in models if model in own}
    rest = own.keys() - set(models)
    other = from_nanos(sum(own[model] for model in rest)) if rest else None
    return MatrixRow(project, shown, other, from_nanos(sum(own.values())))


def _summed(cells: Mapping[tuple[str, str], int], side: int) -> dict[str, int]:
    totals: dict[str, int] = defaultdict(int)
    for key, nanos in cells.items():
        totals[key[side]] += nanos
    return dict(totals)


def _ranked(totals: Mapping[str, int]) -> list[str]:
    return sorted(totals, key=lambda key: (-abs(totals[key]), key))
