"""`wherespent verify`: do the stored numbers prove each other, over all that is stored."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from wherespent.analytics.accounts import labels
from wherespent.bootstrap import utc_now
from wherespent.cli.options import isoformat, moment, opened_database, settings_and_logs
from wherespent.exports.proofs import INVARIANTS
from wherespent.storage.proofs import Invariant, Proof, Status, prove

_WIDTH = 100
_SIGNS = {
    Status.HOLDS: "[green]holds[/]",
    Status.FAILS: "[red]FAILS[/]",
    Status.SKIPPED: "[yellow]skipped[/]",
}
_INVARIANTS = {invariant.name: invariant for invariant in INVARIANTS}


def verify(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Prove all stored numbers: sums, OpenAI's own total, no missing day, screen = export.

    Asks only the database, never OpenAI, and is safe beside a running server; Data health shows
    the result. Exit code 1 if an invariant fails, with the rows that do and what to do.
    """
    settings = settings_and_logs()
    with opened_database(settings) as database:
        with database.read() as connection:
            stored = labels(connection)
        proofs = {label: prove(database, label, INVARIANTS, utc_now()) for label in stored}
    if as_json:
        typer.echo(json.dumps(_as_json(proofs), indent=2))
    else:
        _print(proofs)
    if _failing(proofs):
        raise typer.Exit(1)


def _failing(proofs: Mapping[str, Sequence[Proof]]) -> int:
    return sum(proof.status is Status.FAILS for each in proofs.values() for proof in each)


def _as_json(proofs: Mapping[str, Sequence[Proof]]) -> dict[str, Any]:
    return {
        "ok": not _failing(proofs),
        "accounts": [
            {"account": label, "proofs": [_proof_as_json(proof) for proof in each]}
            for label, each in proofs.items()
        ],
    }


def _proof_as_json(proof: Proof) -> dict[str, Any]:
    invariant = _INVARIANTS[proof.name]
    return {
        "name": proof.name,
        "title": invariant.title,
        "status": proof.status.value,
        "checked": proof.checked,
        "counted": invariant.counted,
        "failing": proof.failing,
        "failing_since": isoformat(proof.failing_since),
        "reason": proof.reason or None,
        "remedy": invariant.remedy if proof.status is Status.FAILS else None,
        "offending": [
            {"day": (moment(offence.day) or "")[:10] or None, "text": offence.text}
            for offence in proof.offences
        ],
    }


def _print(proofs: Mapping[str, Sequence[Proof]]) -> None:
    """A table of all, then the failing rows in full."""
    console = Console(width=max(Console().width, _WIDTH), highlight=False)
    for label, each in proofs.items():
        if len(proofs) > 1:
            console.print(f"Account {label}", markup=False, style="bold")
        console.print(_table(each))
        for proof in each:
            if proof.status is Status.FAILS:
                _print_failing(console, _INVARIANTS[proof.name], proof)
    failing = _failing(proofs)
    console.print(f"{failing} failing." if failing else "Nothing fails.")


def _table(proofs: Sequence[Proof]) -> Table:
    table = Table("", "Invariant", box=SIMPLE_HEAD)
    table.add_column("Checked", justify="right")
    table.add_column("Failing", justify="right")
    for proof in proofs:
        invariant = _INVARIANTS[proof.name]
        title = f"{invariant.title}\n[dim]{proof.reason}[/]" if proof.reason else invariant.title
        checked = f"{proof.checked:,} {invariant.counted}" if proof.checked else "-"
        failing = f"{proof.failing:,}" if proof.failing else "-"
        table.add_row(_SIGNS[proof.status], title, checked, failing)
    return table


def _print_failing(console: Console, invariant: Invariant, proof: Proof) -> None:
    console.print(f"[red]{invariant.title}[/]: {invariant.meaning}", soft_wrap=True)
    for offence in proof.offences:
        console.print(f"  {offence.text}", markup=False, soft_wrap=True)
    rest = proof.failing - len(proof.offences)
    if rest > 0 and proof.offences:
        console.print(f"  and {rest:,} more")
    console.print(f"  What to do: {invariant.remedy}\n", markup=False, soft_wrap=True)
