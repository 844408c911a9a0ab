"""The invariants that storage can prove by itself, in the order in which they are shown."""

from wherespent.storage.invariants.buckets import BUCKETS
from wherespent.storage.invariants.costs import BILL, LINE_ITEMS, MONEY
from wherespent.storage.invariants.orphans import ORPHANS
from wherespent.storage.invariants.tokens import TOKENS
from wherespent.storage.invariants.usage import HOURS, KEYS
from wherespent.storage.proofs import Invariant

INVARIANTS: tuple[Invariant, ...] = (
    BILL,
    LINE_ITEMS,
    KEYS,
    HOURS,
    TOKENS,
    BUCKETS,
    ORPHANS,
    MONEY,
)
