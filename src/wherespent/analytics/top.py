"""The largest keys of a dimension, bucket by bucket, and everything else as one."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from wherespent.analytics.filters import Filters, Granularity
from wherespent.analytics.sums import Sums

# Which of the filters narrows a dimension.
_CHOICES = {
    "account": "account",
    "model": "model",
    "line_item": "line_item",
    "project_id": "project",
    "user_id": "user",
    "api_key_id": "api_key",
}


@dataclass(frozen=True, slots=True)
class Top:
    """(bucket, key) → value of the largest keys; bucket → value of the `other_keys` together."""

    points: dict[tuple[int | None, str], int]
    others: dict[int | None, int]
    other_keys: int


def top_of(
    filters: Filters,
    dimension: str,
    most: int,
    ask: Callable[[Filters, tuple[str, ...]], Sums],
) -> Top:
    """The `most` largest keys, without reading thousands of keys bucket by bucket.

    `ask` answers one measure by any dimensions. Points and others add up to the whole, exactly.
    """
    totals = ask(replace(filters, granularity=Granularity.TOTAL), (dimension,))
    ranked = sorted(totals, key=lambda key: (-abs(totals[key][0] or 0), key[1]))
    # One key more takes no more room than an "Other (1)" would.
    is_all = len(ranked) <= most + 1 or dimension not in _CHOICES
    kept = filters if is_all else narrowed(filters, dimension, [k for _, k in ranked[:most]])
    points = {key: value or 0 for key, (value,) in ask(kept, (dimension,)).items()}
    if is_all:
        return Top(points, {}, 0)
    others = {bucket: value or 0 for (bucket,), (value,) in ask(filters, ()).items()}
    for (bucket, _), value in points.items():
        others[bucket] -= value
    return Top(points, others, len(ranked) - most)


def narrowed(filters: Filters, dimension: str, keys: list[str]) -> Filters:
    """The same question about these keys only; unchanged by a dimension that no filter knows."""
    name = _CHOICES.get(dimension)
    if name is None:
        return filters
    return replace(filters, **{name: replace(getattr(filters, name), include=tuple(keys))})
