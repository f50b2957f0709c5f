"""The dialects' toolbox: bodies, schemas, tokens' texts, routing. Mechanics only; knows no dialect."""
