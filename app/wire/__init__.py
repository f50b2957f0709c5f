"""The dialects' toolbox: bodies, schemas, tokens' texts, routing. Mechanics that several dialects share."""
