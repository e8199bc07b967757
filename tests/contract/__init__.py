"""What every method and describer keeps to."""
