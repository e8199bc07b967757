"""Where messages go: one short file for each kind of sink."""
