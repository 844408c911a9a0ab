"""Since when single hours are there: older ones may have been let go of, their days stay."""

from sqlalchemy import Connection, func, select

from wherespent.storage.tables import stream_state


def hours_kept_since(connection: Connection) -> int:
    """The UTC day (epoch seconds) from which on all hours of all accounts are kept, 0: always."""
    return connection.scalar(select(func.max(stream_state.c.pruned_before))) or 0
