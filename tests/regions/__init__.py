"""From change maps to regions."""
