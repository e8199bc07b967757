"""NumPy object arrays and pickles of other people, read without running what they hold.

A pickle may call any function while it is read. The annotations of some published sets are pickles of lists, texts,
numbers and arrays; only what those need is let in.
"""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np

from spotdiff.data.read_json import read_bytes
from spotdiff.errors import DataError

_NUMPY = ("numpy._core.multiarray", "numpy._core.numeric")
_ALLOWED = {(module, name) for module in _NUMPY for name in ("_reconstruct", "scalar", "_frombuffer")}
_ALLOWED |= {("numpy", "ndarray"), ("numpy", "dtype"), ("builtins", "slice"), ("collections", "OrderedDict")}
_ALLOWED |= {("_codecs", "encode")}  # how old protocols write bytes


class _RestrictedUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 (as the base class has it)
        module = module.replace("numpy.core.", "numpy._core.")  # its name before NumPy 2
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return super().find_class(module, name)


def read_pickle(path: Path) -> Any:  # noqa: ANN401 (whatever was pickled)
    """What a pickle file holds.

    Raises:
        DataError: it cannot be read, is no pickle, or asks for more than plain values and arrays.
    """
    return _unpickle(read_bytes(path), path)


def read_npy(path: Path) -> Any:  # noqa: ANN401 (whatever was stored)
    """What a .npy file holds: an array, or the objects of an object array as a list, or the one object.

    Raises:
        DataError: it cannot be read, is no .npy file, or asks for more than plain values and arrays.
    """
    file = io.BytesIO(read_bytes(path))
    try:
        version = np.lib.format.read_magic(file)
        read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read_header(file)
        if not dtype.hasobject:
            file.seek(0)
            return np.load(file, allow_pickle=False)
    except ValueError as error:
        raise DataError(f"{path} is not a .npy file: {error}") from None
    content = _unpickle(file.read(), path)
    objects = list(np.asarray(content, object).ravel()) if shape != () else content
    return objects.item() if isinstance(objects, np.ndarray) else objects


def _unpickle(data: bytes, path: Path) -> Any:  # noqa: ANN401 (whatever was pickled)
    try:
        return _RestrictedUnpickler(io.BytesIO(data), encoding="latin1").load()
    except (pickle.UnpicklingError, EOFError, ValueError, IndexError, AttributeError, TypeError) as error:
        raise DataError(f"{path} cannot be read: {str(error) or type(error).__name__}") from None
