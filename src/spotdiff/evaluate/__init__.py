"""A method measured over a dataset."""
