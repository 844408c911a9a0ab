"""Whether an account may be asked with the key that it has: before every round, mostly for free."""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import structlog
from sqlalchemy import Connection

from wherespent.domain.accounts import Organization, is_another, is_counted_twice
from wherespent.errors import (
    KeyRefused,
    OtherOrganization,
    ProviderError,
    ProviderUnavailable,
    SyncStopped,
)
from wherespent.ingestion.outcomes import is_recent_refusal
from wherespent.ingestion.sync import Clock
from wherespent.storage.accounts import (
    KeyState,
    key_state,
    organization_of,
    other_organizations,
    record_key,
    remember_organization,
)
from wherespent.storage.engine import Database
from wherespent.storage.locks import ACCEPT_LOCK, take_turn
from wherespent.storage.series import account_id
from wherespent.storage.stream_failures import forgive_key

log = structlog.get_logger()

KEY_ERRORS = (KeyRefused.__name__, OtherOrganization.__name__)


class Key(Protocol):
    """What the check needs of a provider's key; see `providers.openai.keys.AdminKey`."""

    def take_newest(self) -> None: ...
    def fingerprint(self) -> str: ...
    def fetch_organization(self) -> Organization: ...


@dataclass
class KeyCheck:
    """Looks at the key of one account, and remembers how it was received."""

    database: Database
    account: str
    key: Key
    now: Clock

    def trouble(self, *, insist: bool) -> ProviderError | None:
        """Why nothing may be asked, None where all is well.

        A key that was accepted costs no request. One that was refused is asked with again after
        an hour, or at once where somebody `insist`s; a new one is asked where it belongs before
        anything is read with it.
        """
        self.key.take_newest()
        fingerprint = self.key.fingerprint()
        known = self.state()
        if known is not None and known.fingerprint == fingerprint:
            if not known.is_refused:
                return None
            if not insist and is_recent_refusal(known.asked_at, self.now()):
                return KeyRefused(known.error, is_unknown=True)
        return self._introduce(fingerprint)

    def is_accepted(self) -> bool:
        """Whether the newest key was found to be good; asks nobody but the database."""
        self.key.take_newest()
        known = self.state()
        is_same = known is not None and known.fingerprint == self.key.fingerprint()
        return known is not None and is_same and not known.is_refused

    def state(self) -> KeyState | None:
        with self.database.read() as connection:
            return key_state(connection, self._number)

    def refuse(self, error: ProviderError) -> None:
        """The provider refused the key while it was in use."""
        self._record(self.key.fingerprint(), error)

    def _introduce(self, fingerprint: str) -> ProviderError | None:
        try:
            found = self.key.fetch_organization()
        except SyncStopped as stopped:
            return stopped
        except KeyRefused as refused:
            self._record(fingerprint, refused)
            return refused
        except ProviderError as error:
            return self._unidentified(f"could not be asked, so nothing was read with it: {error}")
        if not found.is_known:
            # Empty answers of another organization would delete what is stored.
            return self._unidentified(
                "could not be told, because it shows no costs, no usage and no projects. Nothing "
                "was read with it, and what is stored stays. Give it the scope "
                "api.management.read, or set a key of the stored organization."
            )
        misplaced = self._place(fingerprint, found)
        if misplaced is not None:
            self._record(fingerprint, misplaced)
        return misplaced

    def _unidentified(self, reason: str) -> ProviderError | None:
        """Where nothing is stored yet, nothing can be mixed up."""
        with self.database.read() as connection:
            stored = organization_of(connection, self._number)
        if not stored.is_known:
            return None
        return ProviderUnavailable(
            f"The key of the account '{self.account}' is new, and which organization it belongs "
            f"to {reason}"
        )

    def _place(self, fingerprint: str, found: Organization) -> OtherOrganization | None:
        """Accept the key, or say why not.

        In one turn: of two accounts that ask for one organization at once, one is accepted.
        """
        number = self._number
        with self.database.write() as connection:
            take_turn(connection, ACCEPT_LOCK)
            misplaced = self._misplaced(connection, number, found)
            if misplaced is None:
                self._accept(connection, number, fingerprint, found)
        return misplaced

    def _misplaced(
        self, connection: Connection, number: int, found: Organization
    ) -> OtherOrganization | None:
        stored = organization_of(connection, number)
        if is_another(stored, found):
            return OtherOrganization(
                f"The key of the account '{self.account}' belongs to another organization"
                f"{_named(found)} than the one that is stored{_named(stored)}. Nothing was read "
                "with it, and what is stored stays. Set a key of the stored organization, or give "
                "the other one a label of its own in WHERESPENT_ACCOUNTS."
            )
        for label, other in other_organizations(connection, number).items():
            if is_counted_twice(other, found):
                return OtherOrganization(
                    f"The key of the account '{self.account}' belongs to the organization"
                    f"{_named(found)} that is read as the account '{label}' already: it would be "
                    f"counted twice. Nothing was read with it. The label '{label}' "
                    "holds this organization's history: keep that label in WHERESPENT_ACCOUNTS "
                    f'({{"label": "{label}", …}}), and leave the account \'{self.account}\' away.'
                )
        return None

    def _accept(
        self, connection: Connection, number: int, fingerprint: str, found: Organization
    ) -> None:
        record_key(connection, number, fingerprint, self.now())
        # Endpoints that an older key was refused for are open again, until they say no.
        forgive_key(connection, number, KEY_ERRORS)
        remember_organization(connection, number, found, self.now())
        log.info("the key is accepted", account=self.account, organization=found.id or "unnamed")

    def _record(self, fingerprint: str, error: ProviderError) -> None:
        with self.database.write() as connection:
            kind = type(error).__name__
            record_key(
                connection, self._number, fingerprint, self.now(), kind=kind, error=str(error)
            )
        log.warning("the key is refused", account=self.account, error=str(error))

    @cached_property
    def _number(self) -> int:
        with self.database.write() as connection:
            return account_id(connection, self.account)


def _named(organization: Organization) -> str:
    return f" ({organization.id})" if organization.id else ""
