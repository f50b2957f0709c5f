"""What operators see of a running Rollcall: health, metrics, a log of requests."""
