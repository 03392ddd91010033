"""PostgreSQL through psycopg 3: a pool of connections, migrations, errors."""
