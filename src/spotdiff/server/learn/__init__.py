"""Learning from the corrections of a place: its trainings as rows, each run as the verb `train` in its own process."""
