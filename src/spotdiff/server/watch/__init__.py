"""The watch over cameras that a server runs: its process, its rules, and the events that it finds."""
