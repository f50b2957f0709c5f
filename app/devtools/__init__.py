"""What makes Rollcall a bench for development and tests: seeds, the request journal, explanations."""
