"""All data in one SQLite file. The only package that imports sqlite3."""
