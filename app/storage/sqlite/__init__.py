"""One SQLite file: the writer, the readers, the schema and the SQL of each table."""
