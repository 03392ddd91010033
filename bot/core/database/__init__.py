"""The database: one port, two engines (SQLite and PostgreSQL), migrations for each."""
