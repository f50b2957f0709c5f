"""The path of a request from WSGI to a dialect and back: the dispatcher, and the interface of dialects."""
