"""Text to values and back: JSON as Go reads and writes it, forms, tokens. Knows no request and no domain."""
