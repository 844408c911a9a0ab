"""What questions share must give what each would have read by itself."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection
from tests.analytics.facts import Facts, window

from wherespent.analytics.cost import (
    COST_DIMENSIONS,
    cost_by,
    cost_over_time,
    cost_totals,
    line_items,
    top_costs,
)
from wherespent.analytics.filters import Choice, Filters, Granularity
from wherespent.analytics.memory import Memory, lend
from wherespent.analytics.requests import top_requests
from wherespent.analytics.usage import (
    USAGE_DIMENSIONS,
    tokens_by,
    tokens_over_time,
    usage_totals,
)
from wherespent.storage.series import account_id
from wherespent.storage.writes import advance_version

ALL = Filters(window("2026-01-01", "2026-03-01"))
NARROWED = (
    ALL,
    replace(ALL, project=Choice(include=("p1",))),
    replace(ALL, user=Choice(include=("u2", ""))),
    replace(ALL, api_key=Choice(exclude=("k1",)), model=Choice(exclude=("gpt-5",))),
    replace(ALL, model=Choice(include=("o3",)), line_item=Choice(include=("o3, output",))),
)
GRAINS = (Granularity.TOTAL, Granularity.DAY, Granularity.MONTH)
Ask = Callable[[Connection, Filters], Any]


def _questions() -> list[Ask]:
    asked: list[Ask] = [cost_over_time, cost_totals, line_items, tokens_over_time, usage_totals]
    for name in COST_DIMENSIONS:
        asked.append(lambda it, of, name=name: cost_by(it, of, name))
        asked.append(lambda it, of, name=name: top_costs(it, of, name, 1))
    for name in USAGE_DIMENSIONS:
        asked.append(lambda it, of, name=name: tokens_by(it, of, name))
        asked.append(lambda it, of, name=name: top_requests(it, of, name, 1))
    return asked


@pytest.mark.parametrize("grain", GRAINS)
def test_shared_sums_are_those_that_each_question_reads(
    organization: Facts, grain: Granularity
) -> None:
    asked = [(ask, replace(it, granularity=grain)) for it in NARROWED for ask in _questions()]
    database = organization.database
    with database.read() as alone, database.read() as sharing:
        lend(sharing, Memory(100))
        for ask, filters in asked:
            assert ask(sharing, filters) == ask(alone, filters)


def test_another_version_of_the_data_is_read_anew(organization: Facts) -> None:
    memory, database = Memory(100), organization.database

    def billed() -> Any:
        with database.read() as connection:
            lend(connection, memory)
            return cost_by(connection, replace(ALL, granularity=Granularity.TOTAL), "model")

    before = billed()
    organization.cost("2026-01-02", "7", line_item="o3, output", project_id="p2")
    with database.write() as connection:
        advance_version(connection, account_id(connection, "default"))
    assert billed() != before
    assert len(memory) == 2
