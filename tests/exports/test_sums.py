import io
import json
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.analytics.facts import Facts, window

from wherespent.analytics.cost import COST_DIMENSIONS, cost_by, cost_total, line_items
from wherespent.analytics.filters import Filters, Granularity
from wherespent.exports.costs import export_costs
from wherespent.exports.writers import Format, write_export
from wherespent.storage import tables

ALL = Filters(window("2026-01-01", "2026-04-01"))
CELLS = st.dictionaries(
    st.tuples(
        st.sampled_from(["2026-01-01", "2026-01-31", "2026-02-01", "2026-03-31"]),
        st.sampled_from(["", "p1", "p2"]),
        st.sampled_from(["", "u1"]),
        st.sampled_from(["gpt-5, input", "gpt-5, output", "ft-gpt-4o-2024, input", "web search"]),
    ),
    st.integers(-(10**15), 10**15),
    max_size=10,
)


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(cells=CELLS)
def test_every_way_to_ask_gives_the_same_sum(
    facts: Facts, cells: dict[tuple[str, str, str, str], int]
) -> None:
    with facts.database.write() as connection:
        for table in (tables.cost_day, tables.cost_slice_day):
            connection.execute(table.delete())
    facts.read("costs", "2026-01-01")
    for (day, project, user, item), nanos in cells.items():
        facts.cost(
            day,
            str(Decimal(nanos).scaleb(-9)),
            project_id=project,
            user_id=user,
            line_item=item,
        )
    expected = Decimal(sum(cells.values())).scaleb(-9)
    with facts.database.read() as connection:
        assert cost_total(connection, ALL) == expected
        assert sum(row.billed for row in line_items(connection, ALL)) == expected
        for dimension in COST_DIMENSIONS:
            points = cost_by(connection, ALL, dimension)
            assert sum(point.billed for point in points) == expected
            for granularity in (Granularity.DAY, Granularity.MONTH, Granularity.TOTAL):
                file = io.BytesIO()
                filters = Filters(ALL.window, granularity)
                export = export_costs(connection, filters, [dimension])
                write_export(export, Format.JSON, file)
                rows = json.loads(file.getvalue())
                assert sum(Decimal(row["billed_usd"]) for row in rows) == expected
