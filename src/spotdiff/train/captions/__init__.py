"""Learning to tell what changed: from captioned pairs to a captioner."""
