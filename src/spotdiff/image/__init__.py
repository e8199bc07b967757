"""Pictures in and out: reading, colour, drawing. Pure functions on arrays and files."""
