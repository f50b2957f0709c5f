"""What is allowed and what it sets off. Knows no wire, no Flask, no SQL."""
