"""A place over time: sources of frames, the memory of a scene, rules, events, alerts."""
