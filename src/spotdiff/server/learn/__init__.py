"""Learning from the corrections of a place, and measuring on them: long runs, one at a time, as verbs of their own."""
