"""What an answer holds that this version has no place for: field names, kinds of results.

Read only where the strict decoder refused a page or a result was left out, so a page that is
wholly known costs nothing.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import msgspec
from msgspec import Raw

from wherespent.domain.addresses import without_addresses
from wherespent.domain.records import Unrecognized

FIELD, RESULT = "field", "result"
# A sample shows what it is; a provider that sends a novel must not fill the database.
_LONGEST_SAMPLE = 2000
# Addresses are looked for in as much as a sample can become; none is longer than this.
_LOOKED_THROUGH = 4 * _LONGEST_SAMPLE
_LONGEST_ADDRESS = 320
_ENDS_WORD = re.compile(r"[\s<>()\[\]\"',;:]")
_LONGEST_NAME = 200

_Fields = dict[str, Raw]
_NULL = Raw(b"null")
_NO_FIELDS: _Fields = {}
_page = msgspec.json.Decoder(_Fields)
_buckets = msgspec.json.Decoder(list[_Fields] | None)
_text = msgspec.json.Decoder(str | None)
_amount = msgspec.json.Decoder(_Fields | None)


@dataclass(frozen=True, slots=True)
class Known:
    """The names that this version knows, by where they stand."""

    page: Collection[str]
    bucket: Collection[str]
    result: Collection[str]
    amount: Collection[str]
    objects: Collection[str]
    needs_amount: bool


@dataclass(slots=True)
class _Sightings:
    found: dict[tuple[str, str], Unrecognized] = field(
        default_factory=dict[tuple[str, str], Unrecognized]
    )

    def note(self, kind: str, name: str, sample: bytes) -> None:
        name = name.replace("\0", "")[:_LONGEST_NAME]
        before = self.found.get((kind, name))
        # A field that is not known may well be a person's address.
        text = without_addresses(_beginning(sample), "(address)")[:_LONGEST_SAMPLE]
        seen = 1 if before is None else before.seen + 1
        self.found[kind, name] = Unrecognized(kind, name, text, seen)

    def fields(self, place: str, values: Mapping[str, Raw], known: Collection[str]) -> None:
        for name in values.keys() - set(known):
            self.note(FIELD, place + name, bytes(values[name]))


def _beginning(sample: bytes) -> str:
    """As much as is looked through, without the word that the cut may have torn in two."""
    text = sample[:_LOOKED_THROUGH].decode(errors="replace")
    if len(sample) <= _LOOKED_THROUGH:
        return text
    whole = len(text) - _LONGEST_ADDRESS
    return text[: max((end.end() for end in _ENDS_WORD.finditer(text, whole)), default=whole)]


def look_through(body: bytes, known: Known, *, whole: bool) -> list[Unrecognized]:
    """Everything of a page that is not known, with the newest sample and how often it stands there.

    Rows of one endpoint are alike: without `whole`, the newest bucket with results speaks for
    the older ones, unless nothing was found in it.
    """
    sightings = _Sightings()
    page = _page.decode(body)
    sightings.fields("page.", page, known.page)
    for bucket in reversed(_list(page.get("data"))):
        sightings.fields("bucket.", bucket, known.bucket)
        results = _list(bucket.get("results")) or _list(bucket.get("result"))
        for result in results:
            _look_at(result, known, sightings)
        if results and sightings.found and not whole:
            break
    return list(sightings.found.values())


def _look_at(result: _Fields, known: Known, sightings: _Sightings) -> None:
    kind = _text.decode(result["object"]) if "object" in result else None
    if kind is not None and kind not in known.objects:
        sightings.note(RESULT, kind, msgspec.json.encode(result))
        return
    sightings.fields("", result, known.result)
    if known.needs_amount:
        amount = _amount.decode(result.get("amount", _NULL)) or _NO_FIELDS
        sightings.fields("amount.", amount, known.amount)
        if bytes(amount.get("value", _NULL)) == b"null":
            name = f"{kind or 'a result'} without an amount"
            sightings.note(RESULT, name, msgspec.json.encode(result))


def _list(raw: Raw | None) -> list[_Fields]:
    return [] if raw is None else _buckets.decode(raw) or []
