"""Camera motion: estimate it, judge it, take it out."""
