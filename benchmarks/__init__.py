"""What the README says of speed, measured: `python -m benchmarks`, or `make bench`. See README.md here."""
