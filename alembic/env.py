"""Runs migrations on the connection that the program hands over, or on WHERESPENT_DATABASE_URL."""

from alembic import context
from sqlalchemy import Connection

from wherespent.storage.tables import metadata


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        transaction_per_migration=True,
        compare_server_default=False,
    )
    with context.begin_transaction():
        context.run_migrations()


handed_over = context.config.attributes.get("connection")
if handed_over is not None:
    run(handed_over)
else:
    from wherespent.settings import read_settings
    from wherespent.storage.engine import open_database

    with open_database(read_settings().database_url.get_secret_value()).writer.connect() as own:
        run(own)
