"""The memory of one place: what it usually looks like, and which differences from that have come to stay."""
