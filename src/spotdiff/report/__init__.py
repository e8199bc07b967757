"""The answer as files: record, page, overlay, maps, JUnit, COCO."""
