"""What is proven of the stored numbers: one row an invariant, with the rows that break it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dash import html
from dash.development.base_component import Component

from wherespent.dashboard import formats
from wherespent.dashboard.desk import Desk
from wherespent.dashboard.elements import in_code
from wherespent.domain.windows import utc
from wherespent.exports.proofs import INVARIANTS
from wherespent.storage.proofs import Invariant, Proof, Status, stored_proofs

_TITLES = {invariant.name: invariant.title for invariant in INVARIANTS}
_LOOKS = {
    Status.HOLDS: ("ok", "Holds"),
    Status.FAILS: ("bad", "Fails"),
    Status.SKIPPED: ("", "Not comparable yet"),
}
_NOTE = (
    "Checked after every sync over the days that it read, and over everything once a day."
    " `wherespent verify` checks everything now."
)


def proofs(desk: Desk, now: datetime) -> Component:
    """Every invariant: what it compares, how much, when, and where it fails what to do."""
    known = {it.name: it for it in desk.answers.fresh(stored_proofs, desk.account)}
    rows = [_row(invariant, known.get(invariant.name), now) for invariant in INVARIANTS]
    return html.Div(
        [
            html.P(_verdict(known), className="verdict", role="status"),
            html.Ul(rows),
            html.P(in_code(_NOTE), className="dim"),
        ],
        className="proofs",
    )


def title_of(name: str) -> str:
    """What a person reads for the name of an invariant."""
    return _TITLES.get(name, name)


def _verdict(known: Mapping[str, Proof]) -> str:
    if not known:
        return "Not checked yet: the first sync checks all of it when it ends."
    failing = [it for it in INVARIANTS if it.name in known and known[it.name].failing]
    if failing:
        return f"{len(failing)} of {len(INVARIANTS)} do not hold: open one to see its rows."
    return "Everything that could be compared holds."


def _row(invariant: Invariant, proof: Proof | None, now: datetime) -> Component:
    look, word = _LOOKS[proof.status] if proof else ("", "Not checked yet")
    head = html.Summary(
        [
            html.Span(word, className=f"tag {look}".strip()),
            html.B(invariant.title),
            html.Span(_looked_at(invariant, proof, now), className="dim"),
        ]
    )
    inside = [html.P(invariant.meaning), *(_found(invariant, proof) if proof else [])]
    return html.Li(html.Details([head, *inside]))


def _looked_at(invariant: Invariant, proof: Proof | None, now: datetime) -> str:
    if proof is None:
        return ""
    counted = f"{formats.count(proof.checked)} {invariant.counted}" if proof.checked else "nothing"
    if proof.since is not None:
        counted += f" since {formats.day(utc(proof.since))}"
    failing = f"{formats.count(proof.failing)} of " if proof.failing else ""
    # A moment, not an age: what does not change is not drawn again, and stays open.
    is_today = proof.checked_at.date() == now.date()
    when = "" if is_today else f"{formats.day(proof.checked_at, year=True)}, "
    return f"{failing}{counted} · {when}{proof.checked_at:%H:%M} UTC"


def _found(invariant: Invariant, proof: Proof) -> list[Any]:
    parts: list[Any] = [html.P(proof.reason)] if proof.reason else []
    if proof.whole_at is not None and proof.since is not None:
        parts.append(html.P(f"Everything was last checked {proof.whole_at:%Y-%m-%d %H:%M} UTC."))
    if proof.status is not Status.FAILS:
        return parts
    since = proof.failing_since
    if since is not None:
        parts.append(html.P(f"Fails since {since:%Y-%m-%d %H:%M} UTC."))
    rest = proof.failing - len(proof.offences)
    rows = [html.Li(offence.text) for offence in proof.offences]
    if rest > 0 and rows:
        rows.append(html.Li(f"and {formats.count(rest)} more"))
    advice = [html.B("What to do: "), *in_code(invariant.remedy)]
    return [*parts, html.Ul(rows, className="offending"), html.P(advice)]
