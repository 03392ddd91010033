"""The SQLite file: connections, migrations, errors, files beside it."""
