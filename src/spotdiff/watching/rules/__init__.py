"""What a person wants of a watch: cameras, zones and their rules, inspections, where messages go; read from TOML."""

from spotdiff.watching.rules.reading import read_rules, rules_of, with_settings
from spotdiff.watching.rules.settings import Camera, Inspection, Rules, Zone

__all__ = ["Camera", "Inspection", "Rules", "Zone", "read_rules", "rules_of", "with_settings"]
