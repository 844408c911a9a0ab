"""What all tables are made with: the metadata, and the columns that keys have in common."""

from sqlalchemy import Column, Integer, MetaData, Text

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def account_id() -> Column[int]:
    """The account, which begins every key."""
    return Column("account_id", Integer, primary_key=True, autoincrement=False)


def key(name: str, type_: type[Integer] = Integer) -> Column[int]:
    """A column of a key that the database does not count up."""
    return Column(name, type_, primary_key=True, autoincrement=False)


def text(name: str) -> Column[str]:
    """Text that is never null: nulls are distinct in a unique key."""
    return Column(name, Text, nullable=False, server_default="")
