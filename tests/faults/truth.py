"""What an organization's own books say, and whether a database holds exactly that."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from tests.builders import Cell, as_text, assert_rollups, known, stored_costs, stored_usage

from wherespent.demo import SimulatedOrganization
from wherespent.domain.streams import COST_DIMENSIONS, Kind
from wherespent.domain.windows import DAY, HOUR, utc
from wherespent.providers import STREAMS
from wherespent.storage.engine import Database

# Stream → bucket start → dimensions → measures; costs have one measure, their nanos.
Facts = dict[str, dict[int, dict[Cell, dict[str, int]]]]


@dataclass(frozen=True)
class Truth:
    """Every fact of some days, by the organization's books."""

    facts: Facts

    def is_held_by(self, database: Database) -> bool:
        """Whether the database has exactly these facts; rollups are checked on the way."""
        assert_rollups(database)
        return stored_facts(database) == self.facts

    def assert_whole_buckets(self, database: Database, before: Facts) -> None:
        """Each bucket is as it was before or as it is in truth: never half, never mixed."""
        assert_rollups(database)
        for name, stored in stored_facts(database).items():
            for start, cells in stored.items():
                allowed = (before.get(name, {}).get(start), self.facts[name].get(start))
                assert cells in allowed, f"{name} at {utc(start)} is neither old nor new"
            lost = before.get(name, {}).keys() - stored.keys()
            assert not lost, f"{name} lost {len(lost)} buckets"


def truth_of(organization: SimulatedOrganization, since: int, until: int) -> Truth:
    """The facts of `[since, until)`, both UTC midnights, as the organization tells them now."""
    facts: Facts = {}
    for name, stream in STREAMS.items():
        width = DAY if stream.kind is Kind.COST else HOUR
        buckets = {
            start: cells
            for start in range(since, until, width)
            if (cells := _bucket(organization, stream.short_name, start, width))
        }
        facts[name] = buckets
    return Truth(facts)


def _bucket(
    organization: SimulatedOrganization, name: str, start: int, width: int
) -> dict[Cell, dict[str, int]]:
    begin, end = utc(start), utc(start) + timedelta(seconds=width)
    if name == "costs":
        costs = organization.cost_truth_nanos(begin, end, COST_DIMENSIONS)
        return {
            tuple(map(as_text, dims)): known({"amount": nanos}) for dims, nanos in costs.items()
        }
    stream = next(each for each in STREAMS.values() if each.short_name == name)
    usage = organization.usage_truth(name, begin, end, stream.dimensions)
    return {tuple(map(as_text, dims)): known(measures) for dims, measures in usage.items()}


def stored_facts(database: Database) -> Facts:
    with database.read() as connection:
        costs = {cell: {"amount": nanos} for cell, nanos in stored_costs(connection).items()}
        return {
            name: _by_bucket(
                costs if stream.kind is Kind.COST else stored_usage(connection, stream)
            )
            for name, stream in STREAMS.items()
        }


def _by_bucket(
    cells: Mapping[Cell, dict[str, int]],
) -> dict[int, dict[Cell, dict[str, int]]]:
    buckets: dict[int, dict[Cell, dict[str, int]]] = defaultdict(dict)
    for (start, *dims), measures in cells.items():
        buckets[int(start)][tuple(dims)] = known(measures)
    return dict(buckets)
