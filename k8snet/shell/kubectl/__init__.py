"""kubectl: its commands, and what they print."""
