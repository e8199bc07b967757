"""From change maps to regions: extraction, clustering, boxes, kinds."""
