"""The rules: what is allowed and what follows from it. Independent of wire formats, Flask and SQL."""
