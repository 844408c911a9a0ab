"""Numbers of series: one for each combination, as it was asked for."""

from wherespent.providers import STREAMS
from wherespent.storage.engine import Database
from wherespent.storage.series import UsageSeries, account_id, stream_id

STREAM = STREAMS["openai.usage.completions"]
ALONE = tuple("proj_1" if name == "project_id" else None for name in STREAM.dimensions)


def test_a_null_that_was_not_asked_for_is_another_series_than_an_unattributed_one(
    database: Database,
) -> None:
    with database.write() as connection:
        account = account_id(connection, "default")
        series = UsageSeries(account, stream_id(connection, STREAM.name), STREAM)
        fine = series.numbers(connection, [ALONE], STREAM.dimensions)[ALONE]
        coarse = series.numbers(connection, [ALONE], ("project_id",))[ALONE]
        again = series.numbers(connection, [ALONE], STREAM.dimensions)[ALONE]
    assert fine == again != coarse


def test_a_series_that_another_process_made_meanwhile_is_found(database: Database) -> None:
    with database.write() as connection:
        account = account_id(connection, "default")
        stream = stream_id(connection, STREAM.name)
    first, second = (UsageSeries(account, stream, STREAM) for _ in range(2))
    other = tuple("proj_2" if name == "project_id" else None for name in STREAM.dimensions)
    with database.write() as connection:
        first.numbers(connection, [ALONE], STREAM.dimensions)
    with database.write() as connection:
        made = second.numbers(connection, [other], STREAM.dimensions)[other]
    with database.write() as connection:
        assert first.numbers(connection, [other], STREAM.dimensions)[other] == made
