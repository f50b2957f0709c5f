-- Count the undelivered events and their bytes, so that the outbox can have a limit.
CREATE TABLE outbox_totals (
    entries INTEGER NOT NULL,
    -- Of user_ids and payload, which are ASCII.
    bytes INTEGER NOT NULL,
    -- Entries dropped because the outbox was full, since this table was made.
    dropped INTEGER NOT NULL
) STRICT;

INSERT INTO outbox_totals SELECT COUNT(*), COALESCE(SUM(LENGTH(user_ids) + LENGTH(payload)), 0), 0 FROM outbox;

CREATE TRIGGER outbox_added AFTER INSERT ON outbox BEGIN
    UPDATE outbox_totals
    SET entries = entries + 1, bytes = bytes + LENGTH(NEW.user_ids) + LENGTH(NEW.payload);
END;

CREATE TRIGGER outbox_removed AFTER DELETE ON outbox BEGIN
    UPDATE outbox_totals
    SET entries = entries - 1, bytes = bytes - LENGTH(OLD.user_ids) - LENGTH(OLD.payload);
END;
