"""Which days were read: told of the first reading of a day, whatever the clock's precision."""

from datetime import UTC, datetime, timedelta

import pytest

from wherespent.domain.windows import DAY, epoch
from wherespent.storage.engine import Database
from wherespent.storage.rollups import Place
from wherespent.storage.series import account_id, stream_id
from wherespent.storage.sync_state import Reading, record_coverage
from wherespent.storage.tables import MAIN

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize("fraction", [0, 5, 999_999])
def test_only_the_first_reading_of_a_day_is_news(database: Database, fraction: int) -> None:
    today = epoch(NOW.replace(hour=0))
    now = NOW.replace(microsecond=fraction)
    with database.write() as connection:
        place = Place(account_id(connection, "default"), stream_id(connection, "openai.costs"))
        reading = Reading(place, MAIN)
        assert record_coverage(connection, reading, [today], now)
        later = now + timedelta(minutes=1)
        assert not record_coverage(connection, reading, [today], later)
        assert record_coverage(connection, reading, [today, today + DAY], later)
