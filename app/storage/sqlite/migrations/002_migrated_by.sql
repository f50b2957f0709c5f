-- Record the version of Rollcall that last migrated the file, for the refusal of an older one.
CREATE TABLE migrated_by (
    version TEXT NOT NULL
) STRICT;

INSERT INTO migrated_by VALUES ('');
