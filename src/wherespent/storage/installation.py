"""Values that this installation makes for itself, once, and every process shares."""

import secrets

from sqlalchemy import select

from wherespent.storage.engine import Database
from wherespent.storage.series import insert_missing
from wherespent.storage.tables import installation

SESSION_SECRET = "session"  # noqa: S105 - a name
KEY_SALT = "key_salt"


def own_secret(database: Database, name: str) -> str:
    """A secret of that name; it is made when it is asked for the first time."""
    question = select(installation.c.value).where(installation.c.name == name)
    with database.read() as connection:
        # A start must not wait for whoever is writing just now.
        known = connection.scalar(question)
    if known is not None:
        return known
    with database.write() as connection:
        insert_missing(
            connection, installation, [{"name": name, "value": secrets.token_urlsafe(48)}]
        )
        made = connection.scalar(question)
    assert made is not None
    return made
