-- Nothing here: SQLite has a table of this name, which its readers ask without waiting for a server.
SELECT 1;
