"""Keeps the history of billed cost small: one revision a cell and day of observation."""

from sqlalchemy import Connection, text

from wherespent.domain.windows import DAY

# What the column `settled` tells of a revision. The same money under other dimensions, because a
# grouping was refused, is no restatement; on a provisional day it is one change among others.
PROVISIONAL, RESTATED, REGROUPED = 0, 1, 2

# Days that settled longer ago were thinned by an earlier run.
_LOOK_BACK_DAYS = 14


def thin_revisions(connection: Connection, account_id: int, settled_before: int) -> int:
    """Join the provisional revisions of settled days that were seen on one UTC day.

    The last one stays and gets the first one's old amount, so that a chain of revisions still
    leads from the first amount to the last. Returns how many were dropped.
    """
    bound = {
        "account": account_id,
        "from": settled_before - _LOOK_BACK_DAYS * DAY,
        "until": settled_before,
    }
    connection.execute(
        text(
            f"UPDATE cost_revision SET old_amount = (SELECT first.old_amount"
            f" FROM cost_revision first WHERE first.id = (SELECT MIN(each.id)"
            f" FROM cost_revision each WHERE {_same_cell_and_day('each', 'cost_revision')}))"
            f" WHERE id IN ({_last_of_several()})"
        ),
        bound,
    )
    dropped = connection.execute(
        text(
            f"DELETE FROM cost_revision WHERE {_THINNED} AND id NOT IN"
            f" (SELECT MAX(id) FROM cost_revision WHERE {_THINNED} GROUP BY {_CELL_AND_DAY})"
        ),
        bound,
    )
    return dropped.rowcount


_THINNED = (
    f"account_id = :account AND settled = {PROVISIONAL}"
    " AND bucket_start >= :from AND bucket_start < :until"
)
_CELL_AND_DAY = f"grouping, bucket_start, series_id, seen_at / {DAY}"


def _last_of_several() -> str:
    return (
        f"SELECT MAX(id) FROM cost_revision WHERE {_THINNED}"
        f" GROUP BY {_CELL_AND_DAY} HAVING COUNT(*) > 1"
    )


def _same_cell_and_day(a: str, b: str) -> str:
    columns = ("account_id", "grouping", "bucket_start", "series_id", "settled")
    same = " AND ".join(f"{a}.{column} = {b}.{column}" for column in columns)
    return f"{same} AND {a}.seen_at / {DAY} = {b}.seen_at / {DAY}"
