"""Prices of one's own: a TOML or JSON file, read and checked as a whole when the server starts."""

import hashlib
import json
import re
import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, cast

from wherespent.domain.line_items import model_key
from wherespent.domain.money import EXACT
from wherespent.domain.pricing import (
    MILLION,
    STANDARD,
    PriceUnit,
    Rate,
    Tariff,
    per_million_seconds,
)
from wherespent.errors import ConfigurationError

AUDIO_HOUR = "audio_hour"
IMAGE = "image"
LONG_CONTEXT = "long_context"
OVER = "over"
# US dollars per million of the unit, under the name of the unit.
_PER_MILLION = tuple(
    unit.value for unit in PriceUnit if unit not in (PriceUnit.SECONDS, PriceUnit.IMAGES)
)
PRICE_NAMES = (*_PER_MILLION, AUDIO_HOUR, IMAGE)
_NAMES = ("model", "tier", "valid_from", LONG_CONTEXT, *PRICE_NAMES)
_DATED = re.compile(r"(.+)-\d{4}-\d{2}-\d{2}")
_HIGHEST = Decimal(1_000_000)


@dataclass(frozen=True, slots=True, eq=False)
class OwnPrices:
    """A price list by model key."""

    by_model: Mapping[str, Sequence[Tariff]]

    def tariffs(self, model_key: str) -> Sequence[Tariff]:
        """Those of the model itself, else those of the name without its date."""
        found = self.by_model.get(model_key)
        dated = _DATED.fullmatch(model_key)
        if found is None and dated:
            found = self.by_model.get(dated[1])
        return found or ()


def read_own_prices(path: Path) -> OwnPrices:
    """Read and check a file. Raises ConfigurationError that names the entry and what is wrong."""
    try:
        body = path.read_bytes()
        entries = _entries(path, body.decode("utf-8-sig"))
    except OSError as error:
        raise _refused(path, f"cannot be read: {error.strerror or error}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, json.JSONDecodeError) as error:
        kind = "JSON" if _is_json(path) else "TOML"
        raise _refused(path, f"is not {kind}: {error}") from None
    version = hashlib.sha256(body).hexdigest()[:12]
    found: dict[str, list[Tariff]] = defaultdict(list)
    for number, entry in enumerate(entries, 1):
        try:
            tariff = _tariff(entry, path.name, version)
        except ValueError as error:
            raise _refused(path, f"price {number}{_named(entry)}: {error}") from None
        same = [it for it in found[tariff.model] if _when(it) == _when(tariff)]
        if same:
            raise _refused(
                path, f"price {number}{_named(entry)}: this tier and valid_from are there before"
            )
        found[tariff.model].append(tariff)
    return OwnPrices(dict(found))


def _is_json(path: Path) -> bool:
    return path.suffix.lower() == ".json"


def _entries(path: Path, text: str) -> list[Any]:
    # Decimal from the written digits: a double is not the price that somebody wrote.
    if _is_json(path):
        content = json.loads(text, parse_float=Decimal)
    else:
        content = tomllib.loads(text, parse_float=Decimal)
    is_known = isinstance(content, dict) and set(cast("dict[str, Any]", content)) == {"price"}
    entries = cast("dict[str, Any]", content)["price"] if is_known else None
    if not isinstance(entries, list):
        raise _refused(path, 'must hold a list "price" (in TOML: [[price]]) and nothing else')
    return cast("list[Any]", entries)


def _refused(path: Path, why: str) -> ConfigurationError:
    return ConfigurationError(f"WHERESPENT_PRICES={path} {why} (see docs/prices.md)")


def _named(entry: Any) -> str:
    model = cast("dict[str, Any]", entry).get("model") if isinstance(entry, dict) else None
    return f" ({model})" if isinstance(model, str) else ""


def _when(tariff: Tariff) -> tuple[str, date | None]:
    return tariff.tier, tariff.valid_from


def _tariff(entry: Any, source: str, version: str) -> Tariff:
    if not isinstance(entry, dict):
        raise ValueError("must be a table of names and values")  # noqa: TRY004 - one kind for all
    table = cast("dict[str, Any]", entry)
    unknown = sorted(set(table) - set(_NAMES))
    if unknown:
        raise ValueError(f"{unknown[0]!r} is not known: use {', '.join(_NAMES)}")
    return Tariff(
        model=model_key(_word(table, "model")),
        tier=_word(table, "tier", STANDARD),
        valid_from=_day(table.get("valid_from")),
        rates=_rates(table),
        source=source,
        version=version,
    )


def _word(table: Mapping[str, Any], name: str, default: str = "") -> str:
    value = table.get(name, default)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{name} must be a name, not {value!r}")
    return value.strip()


def _day(value: Any) -> date | None:
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise ValueError(f"valid_from must be a day such as 2026-01-31, not {value}") from None


def _rates(table: Mapping[str, Any]) -> dict[PriceUnit, Rate]:
    prices = {name: _dollars(name, table[name]) for name in PRICE_NAMES if name in table}
    if not prices:
        raise ValueError(f"has no price: give one of {', '.join(PRICE_NAMES)}")
    over, long_context = _long_context(table.get(LONG_CONTEXT))
    without_base = sorted(set(long_context) - set(prices))
    if without_base:
        raise ValueError(f"{LONG_CONTEXT} has a price of {without_base[0]}, the base has none")
    return {
        _unit(name): Rate(
            _per_million(name, usd),
            _per_million(name, long_context[name]) if name in long_context else None,
            over,
        )
        for name, usd in prices.items()
    }


def _long_context(value: Any) -> tuple[int, dict[str, Decimal]]:
    if value is None:
        return 0, {}
    if not isinstance(value, dict):
        raise ValueError(f"{LONG_CONTEXT} must be a table with {OVER} and prices")  # noqa: TRY004
    table = cast("dict[str, Any]", value)
    unknown = sorted(set(table) - {OVER, *_PER_MILLION})
    if unknown:
        raise ValueError(f"{LONG_CONTEXT}: {unknown[0]!r} is not known")
    over = table.get(OVER)
    if not isinstance(over, int) or isinstance(over, bool) or over < 1:
        raise ValueError(f"{LONG_CONTEXT}: {OVER} must be a number of input tokens")
    return over, {name: _dollars(name, price) for name, price in table.items() if name != OVER}


def _dollars(name: str, value: Any) -> Decimal:
    wrong = ValueError(f"{name} must be US dollars from 0 to {_HIGHEST:,}, not {value!r}")
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise wrong
    try:
        usd = Decimal(value)
    except InvalidOperation:
        raise wrong from None
    if not usd.is_finite() or not 0 <= usd <= _HIGHEST:
        raise wrong
    return usd


def _unit(name: str) -> PriceUnit:
    others = {AUDIO_HOUR: PriceUnit.SECONDS, IMAGE: PriceUnit.IMAGES}
    return others.get(name) or PriceUnit(name)


def _per_million(name: str, usd: Decimal) -> Decimal:
    if name == AUDIO_HOUR:
        return per_million_seconds(usd)
    return EXACT.multiply(usd, MILLION) if name == IMAGE else usd
