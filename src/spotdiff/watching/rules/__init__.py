"""What a person wants of a watch: cameras, zones and their rules, inspections, where messages go; read from TOML."""

from spotdiff.watching.rules.settings import Camera, Inspection, Rules, WatchSettings, Zone
from spotdiff.watching.rules.toml_rules import read_rules, rules_of, with_settings

__all__ = ["Camera", "Inspection", "Rules", "WatchSettings", "Zone", "read_rules", "rules_of", "with_settings"]
