"""What must hold of billed cost: sums of its own rows, the provider's total, whole nanos."""

from collections.abc import Iterator, Sequence

from sqlalchemy import BigInteger, Connection, Table, func, select, type_coerce

from wherespent.domain.money import from_nanos, to_nanos
from wherespent.domain.windows import Window
from wherespent.storage import tables
from wherespent.storage.billed_totals import NOTHING_BILLED, agrees, billed_days
from wherespent.storage.invariants.comparison import Comparison, Question, Row, inside, pieces
from wherespent.storage.invariants.words import MEND, day, dollars
from wherespent.storage.proofs import MOST_OFFENCES, Found, Invariant, Offence, Scope

_COSTS = "openai.costs"


def _check_days(connection: Connection, scope: Scope) -> Found:
    def amounts(facts: Table, window: Window) -> Question:
        amount = type_coerce(facts.c.amount, BigInteger).label("amount")
        return select(facts.c.bucket_start, amount).where(
            inside(connection, facts, scope.account_id, window)
        )

    def billed(window: Window) -> Question:
        return amounts(tables.cost_day, window).where(tables.cost_day.c.grouping == tables.MAIN)

    return Comparison(
        keys=("bucket_start",),
        measures=("amount",),
        children=billed,
        parents=lambda window: amounts(tables.cost_slice_day, window),
        phrase=_phrase_days,
    ).found(connection, scope)


def _phrase_days(_: Connection, rows: Sequence[Row]) -> list[Offence]:
    return [
        Offence(
            row["bucket_start"],
            f"{day(row['bucket_start'])}: the line items add up to"
            f" {dollars(row['children_amount'])}, the day shows {dollars(row['parent_amount'])}",
        )
        for row in rows
    ]


def _check_bill(connection: Connection, scope: Scope) -> Found:
    """Only days whose rows and whose total were read in the same sync, and did not move."""
    found = Found()
    for window in pieces(scope.window):
        ours = billed_days(connection, scope.account_id, window)
        for start, total, moved in _totals(connection, scope.account_id, window):
            if moved:
                words = f"{day(start)} moved while being read; the next sync compares it again."
                found += Found(reason=words)
                continue
            mine = ours.get(start, NOTHING_BILLED)
            if agrees(mine, total):
                found += Found(checked=1)
                continue
            text = (
                f"{day(start)}: {mine.rows:,} rows add up to {dollars(mine.nanos)}, OpenAI's own"
                f" total is {dollars(total)}"
            )
            found += Found(checked=1, failing=1, offences=(Offence(start, text),))
    if not found.checked and not found.reason:
        return Found(reason="No day's rows and total were read in one sync yet.")
    return found


def _totals(
    connection: Connection, account_id: int, window: Window
) -> Iterator[tuple[int, int, bool]]:
    """(day, nanos, moved) where the total is not older than the rows that are stored."""
    total, read, stream = tables.billed_total, tables.coverage.c, tables.stream.c
    rows = connection.execute(
        select(total.c.bucket_start, type_coerce(total.c.amount, BigInteger), total.c.moved)
        .join(tables.coverage, read.bucket_start == total.c.bucket_start)
        .join(tables.stream, stream.id == read.stream_id)
        .where(
            inside(connection, total, account_id, window),
            read.account_id == account_id,
            read.grouping == tables.MAIN,
            stream.name == _COSTS,
            read.read_at <= total.c.read_at,
        )
        .order_by(total.c.bucket_start)
    )
    for start, nanos, moved in rows:
        yield start, nanos, bool(moved)


def _check_money(connection: Connection, scope: Scope) -> Found:
    found = Found()
    for window in pieces(scope.window):
        for table in (tables.cost_day, tables.cost_slice_day, tables.billed_total):
            amount = type_coerce(table.c.amount, BigInteger)
            amounts = connection.execute(
                select(amount, func.count(), func.min(table.c.bucket_start))
                .where(inside(connection, table, scope.account_id, window))
                .group_by(amount)
            )
            for nanos, count, start in amounts:
                found = _with_amount(found, table.name, nanos, count, start)
    return found


def _with_amount(found: Found, table: str, nanos: object, count: int, start: int) -> Found:
    # Added by hand: there are tens of thousands of amounts.
    checked = found.checked + count
    if _round_trips(nanos):
        return Found(checked, found.failing, found.offences, found.reason)
    offences = found.offences
    if len(offences) < MOST_OFFENCES:
        text = f"{day(start)}: {table} holds {nanos!r}, which is no amount of whole nano-dollars"
        offences = (*offences, Offence(start, text))
    return Found(checked, found.failing + count, offences, found.reason)


def _round_trips(nanos: object) -> bool:
    """From the database to dollars and back. SQLite keeps whatever it is given."""
    if not isinstance(nanos, int):
        return False
    try:
        return to_nanos(from_nanos(nanos)) == nanos
    except ValueError:
        return False


LINE_ITEMS = Invariant(
    name="line_items",
    title="Line items add up to their day",
    counted="days",
    meaning="The rows of the bill, each line item of each project, key and user, against the"
    " total of the day that the pages show.",
    remedy=f"Billed totals of these days cannot be trusted. {MEND}",
    check=_check_days,
)
BILL = Invariant(
    name="bill",
    title="The bill is OpenAI's own total",
    counted="days",
    meaning="What the stored rows of a day add up to, against the total that OpenAI answers when"
    " it is asked for the same day without any grouping, in the same sync. Half a nano-dollar of"
    " rounding is allowed for each row.",
    remedy="OpenAI's rows and its total disagreed twice in a row. Compare the day with the usage"
    " page of platform.openai.com, and see below whether OpenAI sent results that this version"
    " does not know. Every sync of costs compares the days that it reads again.",
    check=_check_bill,
)
MONEY = Invariant(
    name="money",
    title="Money survives the round trip",
    counted="amounts",
    meaning="Every stored amount, turned into dollars as exports write them and back into whole"
    " nano-dollars.",
    remedy=f"These amounts cannot be trusted; the disk may be failing. {MEND}",
    check=_check_money,
)
