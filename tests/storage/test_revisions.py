"""Revisions of settled days are thinned to one a cell and day of observation."""

from sqlalchemy import insert, text

from wherespent.domain.money import from_nanos
from wherespent.domain.windows import DAY, HOUR, utc
from wherespent.storage.engine import Database
from wherespent.storage.revisions import thin_revisions
from wherespent.storage.tables import cost_revision

TODAY = 20_000 * DAY


def keep(database: Database, *revisions: tuple[int, int, int, int]) -> None:
    """Each: series, seen at, old and new amount in nano-dollars."""
    with database.write() as connection:
        for series, seen_at, old, new in revisions:
            connection.execute(
                insert(cost_revision).values(
                    account_id=1,
                    grouping=0,
                    bucket_start=TODAY,
                    series_id=series,
                    old_amount=None if old < 0 else from_nanos(old),
                    new_amount=from_nanos(new),
                    seen_at=utc(seen_at),
                    settled=0,
                )
            )


def kept(database: Database) -> list[tuple[int, int | None, int]]:
    """Series, old and new amount, as they are stored."""
    with database.read() as connection:
        rows = connection.execute(
            text("SELECT series_id, old_amount, new_amount FROM cost_revision ORDER BY id")
        )
        return [(row[0], row[1], row[2]) for row in rows]


def test_a_day_of_observation_keeps_its_first_old_and_its_last_new_amount(
    database: Database,
) -> None:
    keep(
        database,
        (1, TODAY + HOUR, 10, 20),
        (2, TODAY + HOUR, -1, 5),
        (1, TODAY + 2 * HOUR, 20, 30),
        (1, TODAY + 3 * HOUR, 30, 40),
        (1, TODAY + DAY, 40, 41),
    )
    with database.write() as connection:
        assert thin_revisions(connection, 1, TODAY + DAY) == 2
    assert kept(database) == [(2, None, 5), (1, 10, 40), (1, 40, 41)]


def test_thinning_twice_changes_nothing_more(database: Database) -> None:
    keep(database, (1, TODAY + HOUR, 10, 20), (1, TODAY + 2 * HOUR, 20, 30))
    with database.write() as connection:
        thin_revisions(connection, 1, TODAY + DAY)
        assert thin_revisions(connection, 1, TODAY + DAY) == 0
    assert kept(database) == [(1, 10, 30)]


def test_a_provisional_day_keeps_every_revision(database: Database) -> None:
    keep(database, (1, TODAY + HOUR, 10, 20), (1, TODAY + 2 * HOUR, 20, 30))
    with database.write() as connection:
        assert thin_revisions(connection, 1, TODAY) == 0
    assert len(kept(database)) == 2
