"""Ways to put regions into words; one file each."""
