"""Where list prices come from: a file of one's own, then the snapshot inside `genai-prices`."""

from pathlib import Path

from wherespent.domain.pricing import PriceBook
from wherespent.prices.own import read_own_prices
from wherespent.prices.snapshot import Snapshot


def list_prices(own: Path | None = None) -> PriceBook:
    """The price book of an installation; one's own prices come before the snapshot's.

    The file is read and checked at once, the snapshot with the first question. Nothing is
    fetched. Raises ConfigurationError that names the place in the file.
    """
    snapshot = Snapshot()
    return PriceBook((snapshot,) if own is None else (read_own_prices(own), snapshot))
