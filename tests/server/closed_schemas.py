"""Schemas that hold a value to the last field."""

from __future__ import annotations


def closed(schema):
    """A schema under which an object has no more than what the schema names."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    told = {name: value if name == "examples" else closed(value) for name, value in schema.items()}
    return {"additionalProperties": False, **told} if isinstance(schema.get("properties"), dict) else told
