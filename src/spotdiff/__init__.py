"""spotdiff tells what changed between two pictures of a place.

Examples:
    >>> import numpy as np
    >>> import spotdiff
    >>> before = np.full((64, 64, 3), 90, np.uint8)
    >>> after = before.copy()
    >>> after[20:40, 30:50] = (200, 40, 40)
    >>> answer = spotdiff.compare(before, after)
    >>> answer.verdict, answer.regions[0].kind
    ('changed', 'added')
"""

from __future__ import annotations

# What type checkers take for typing.TYPE_CHECKING; importing typing costs half of the start. It has a type, for editors
# take a plain False at its word and complete nothing of the block below.
TYPE_CHECKING: bool = False

__version__ = "0.1.0"

if TYPE_CHECKING:
    from spotdiff.batching.in_python import batch as batch
    from spotdiff.client import Client as Client
    from spotdiff.data import open_dataset as open_dataset
    from spotdiff.errors import ServerError as ServerError
    from spotdiff.errors import SpotdiffError as SpotdiffError
    from spotdiff.image import load_pair as load_pair
    from spotdiff.methods import get_method as get_method
    from spotdiff.methods import method_names as method_names
    from spotdiff.options import Options as Options
    from spotdiff.pipeline import compare as compare
    from spotdiff.types import Comparison as Comparison
    from spotdiff.types import Pair as Pair
    from spotdiff.types import Picture as Picture
    from spotdiff.types import Region as Region
    from spotdiff.watching.run import watch as watch

_PUBLIC = {
    "Client": "spotdiff.client",
    "Comparison": "spotdiff.types",
    "Options": "spotdiff.options",
    "Pair": "spotdiff.types",
    "Picture": "spotdiff.types",
    "Region": "spotdiff.types",
    "ServerError": "spotdiff.errors",
    "SpotdiffError": "spotdiff.errors",
    "batch": "spotdiff.batching.in_python",
    "compare": "spotdiff.pipeline",
    "get_method": "spotdiff.methods",
    "load_pair": "spotdiff.image",
    "method_names": "spotdiff.methods",
    "open_dataset": "spotdiff.data",
    "watch": "spotdiff.watching.run",
}
__all__ = sorted(_PUBLIC)


def __getattr__(name: str) -> object:
    """Import a public name when it is first used, so that `import spotdiff` stays light."""
    if name not in _PUBLIC:
        raise AttributeError(f"module 'spotdiff' has no attribute {name!r}")
    from importlib import import_module

    try:
        value: object = getattr(import_module(_PUBLIC[name]), name)
    except ModuleNotFoundError as missing:
        needed = import_module("spotdiff.errors").missing_extra(missing)
        if needed is None:
            raise
        raise needed from None
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
