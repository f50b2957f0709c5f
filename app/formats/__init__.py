"""Codecs for Go-compatible JSON, forms and tokens, independent of HTTP requests and the domain."""
