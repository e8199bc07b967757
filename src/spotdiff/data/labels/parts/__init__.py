"""What the formats share: values, polygons, words, sides, pictures, and the ways in and out."""
