"""How Alembic runs the steps: on the connection and in the transaction of `storage.migrate`."""

from alembic import context

from storage.tables import metadata


def run() -> None:
    """Run the steps that the database has not seen."""
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    context.run_migrations()


# Alembic loads this file under this name and expects it to act; for anybody else it is a module.
if __name__ == "env_py":
    run()
