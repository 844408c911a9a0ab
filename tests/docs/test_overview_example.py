"""The worked example of docs/overview.md is what the page would show."""

import re
from decimal import Decimal
from pathlib import Path

from wherespent.domain.cost_change import Consumption, cost_change

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "overview.md").read_text()


def cells(first: str) -> list[str]:
    """The cells of the row of the example that begins with a word."""
    example = TEXT.split("*Example.*")[2]
    found = re.search(rf"^\| {first} \|(.+)\|$", example, re.MULTILINE)
    assert found is not None
    return [cell.strip() for cell in found[1].split("|")]


def number(cell: str) -> Decimal:
    return Decimal(cell.replace("$", "").replace(",", ""))


def consumption(first: str) -> Consumption:
    requests, tokens, billed = map(number, cells(first))
    return Consumption(billed, int(requests), int(tokens))


def test_the_example_of_a_change_is_computed_as_documented() -> None:
    change = cost_change(consumption("Before"), consumption("Now"))
    shown = [number(cells(part)[-1]) for part in ("Requests", "Size", "Price", "Change")]
    assert shown == [change.volume, change.size, change.price, change.total]
