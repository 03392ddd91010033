"""The SQLite file: connections, transactions, migrations."""
