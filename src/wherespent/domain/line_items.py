"""OpenAI's billed line items, parsed for display: which model, tier and direction.

The names are undocumented display strings, so the raw string stays the key and the sum of
what is shown always equals the bill: a name that does not parse stands under itself.
Grammar: `[tier " | "] model [" " modality] ", " direction [", long context"]`.
"""

import re
from dataclasses import dataclass

_LINE_ITEM = re.compile(
    r"""
    (?:(?P<tier>[^|]+?)\s\|\s)?
    (?P<model>ft:[^\s,|]+|[a-z0-9](?=[a-z0-9._:/-]*[0-9-])[a-z0-9._:/-]*)
    (?:\s(?P<modality>text|audio|image|video))?
    ,\s(?P<direction>[^,]+?)
    (?P<long>,\slong\scontext)?
    """,
    re.VERBOSE,
)
_FINE_TUNED = re.compile(r"ft:([^:]+)(?::.*)?")


@dataclass(frozen=True, slots=True)
class LineItem:
    """A parsed name. `model_key` is '' where the name holds no model."""

    model_key: str = ""
    tier: str = ""
    modality: str = ""
    direction: str = ""
    long_context: bool = False


def parse_line_item(name: str) -> LineItem:
    """Parse a line item; what does not follow the grammar gives an empty `LineItem`."""
    match = _LINE_ITEM.fullmatch(name.strip())
    if match is None:
        return LineItem()
    return LineItem(
        model_key=model_key(match["model"]),
        tier=match["tier"] or "",
        modality=match["modality"] or "",
        direction=match["direction"],
        long_context=match["long"] is not None,
    )


def model_key(model: str) -> str:
    """The name that a usage model and a line item's model share.

    Usage says `ft:gpt-4o-2024-08-06:acme::a1b2`, the bill says `ft-gpt-4o-2024-08-06`.
    """
    fine_tuned = _FINE_TUNED.fullmatch(model)
    return f"ft-{fine_tuned[1]}" if fine_tuned else model
