"""The methods that answer as they are; those with a network need weights first."""

from __future__ import annotations

from spotdiff import plugins
from spotdiff.params import params_of

OWN_WEIGHTS = "spot"  # comes with weights

READY = [
    name
    for name in plugins.names("methods")
    if name == OWN_WEIGHTS or "weights" not in params_of(plugins.load("methods", name))
]
