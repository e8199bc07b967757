"""What a person asks of a watch: cameras, zones and their rules, approved pictures, whom to tell; read from TOML."""

from spotdiff.watching.rules.reading import read_rules, rules_of, with_settings
from spotdiff.watching.rules.settings import Approved, Camera, Rules, Zone

__all__ = ["Approved", "Camera", "Rules", "Zone", "read_rules", "rules_of", "with_settings"]
