"""A program for test_faults_clocks: reads around one moment after another with a clock that is
wrong, then once with the right one, and prints what each day adds up to.

    TZ=Asia/Kolkata python -m tests.faults.daily_totals DATABASE_URL MOMENT …
"""

import json
import sys
from datetime import datetime, timedelta
from decimal import Decimal

from tests.builders import Clock, Rig
from tests.faults.network import wipe

from wherespent.analytics.filters import Filters
from wherespent.demo import ScriptedOrganization, serve
from wherespent.domain.windows import DAY, HOUR, Window, epoch, floor_day, utc
from wherespent.exports.costs import export_costs
from wherespent.exports.usage import export_usage
from wherespent.storage.engine import Database, open_database

SKEWS = (0, -26, 26)
"""Hours by which the reading host's clock is ahead."""
DAYS_BEFORE = 3
Totals = dict[str, list[str]]


def around(moment: datetime) -> ScriptedOrganization:
    """Something in every hour, from three days before the moment until a day after it."""
    organization = ScriptedOrganization(lambda: moment)
    first = floor_day(epoch(moment)) - DAYS_BEFORE * DAY
    for start in range(first, first + (DAYS_BEFORE + 2) * DAY, HOUR):
        count = (start - first) // HOUR + 1
        organization.add_usage(
            "completions", utc(start), {"model": "m"}, input_tokens=count, num_model_requests=1
        )
        if start % DAY == 0:
            organization.add_cost(utc(start).date(), f"{count}.000000001", "m, input")
    return organization


def read(rig: Rig, now: datetime) -> None:
    """One round of the schedule on a host that believes it is `now`."""
    rig.clock.at = now
    synced = rig.round(rig.cycle("costs", "completions", backfill_days=DAYS_BEFORE))
    assert synced.statuses == {"done"}, synced


def stored(database: Database, window: Window) -> Totals:
    """(dollars, input tokens) of each UTC day, as an export writes them."""
    filters = Filters(window)
    with database.read() as connection:
        costs = {row["bucket_start"]: row for row in export_costs(connection, filters).rows}
        usage = export_usage(connection, filters, stream="completions").rows
        return {
            str(row["bucket_start"]): [
                str(costs[row["bucket_start"]]["billed_usd"]),
                str(row["input_tokens"]),
            ]
            for row in usage
        }


def true(organization: ScriptedOrganization, window: Window) -> Totals:
    found: Totals = {}
    for day in window.days():
        start, end = utc(day), utc(day + DAY)
        cost: Decimal = organization.cost_truth(start, end).get((), Decimal(0))
        tokens = organization.usage_truth("completions", start, end)[()]["input_tokens"]
        found[str(start)] = [f"{cost:f}", str(tokens)]
    return found


def main(url: str, moments: list[str]) -> int:
    database = open_database(url)
    answers: dict[str, list[Totals]] = {}
    for text in moments:
        moment = datetime.fromisoformat(text)
        organization = around(moment)
        today = floor_day(epoch(moment))
        window = Window(today - DAYS_BEFORE * DAY, today + DAY)
        rig = Rig(database, organization, serve(organization), Clock(moment))
        for skew in SKEWS:
            wipe(database)
            read(rig, moment + timedelta(hours=skew))
            read(rig, moment)
            answers[f"{text} {skew:+}"] = [stored(database, window), true(organization, window)]
        rig.close()
    sys.stdout.write("\n" + json.dumps(answers))
    database.dispose()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
