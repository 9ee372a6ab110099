"""Alembic's migrations of the store, run by `serving.store.migrate`."""
