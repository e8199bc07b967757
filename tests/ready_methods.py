"""Methods by name: those that answer as they are, and `network` once for every kind of weights that it takes."""

from __future__ import annotations

from spotdiff import plugins
from spotdiff.params import params_of

OWN_WEIGHTS = "spot"  # comes with weights
SPELLINGS = ("unet", "siamese", "fused", "fc-siam-conc", "fc-siam-diff", "onnx")  # of `network`
EVERY = [*(name for name in plugins.names("methods") if name != "network"), *SPELLINGS]

READY = [
    name
    for name in plugins.names("methods")
    if name == OWN_WEIGHTS or "weights" not in params_of(plugins.load("methods", name))
]
