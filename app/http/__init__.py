"""One request from WSGI to a dialect and back: the contract of dialects, and the one door to them."""
