"""NumPy object arrays and pickles of other people, read without running what they hold.

A pickle may call any function while it is read, and an array in it may point anywhere. The annotations of some
published sets are pickles of lists, texts, numbers and arrays of these. Python's own reader is not asked: the steps
are gone through here, and each makes a number, a text, a container or an array of numbers, or is refused.
"""

from __future__ import annotations

import io
import math
import pickletools
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spotdiff.errors import DataError, error_line
from spotdiff.input_files import read_bytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PLAIN_TYPE = re.compile(r"[?bhilqBHILQefd]|[biufSU]\d{1,6}")  # of NumPy: numbers and texts, which point nowhere
_OBJECTS = re.compile(r"O8?")
_KEYS = (str, bytes, int, float, type(None))


def read_pickle(path: Path) -> Any:  # noqa: ANN401 (whatever was pickled)
    """What a pickle file holds: numbers, texts, containers and arrays; an array of objects is a flat list.

    Raises:
        DataError: it cannot be read, is no pickle, or asks for more than that.
    """
    return _unpickled(read_bytes(path), path)


def read_npy(path: Path) -> Any:  # noqa: ANN401 (whatever was stored)
    """What a .npy file holds: an array, or the objects of an object array as a list, or the one object.

    Raises:
        DataError: it cannot be read, is no .npy file, or asks for more than plain values and arrays.
    """
    data = read_bytes(path)
    file = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(file)
        read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, by_columns, dtype = read_header(file)
        if any(length < 0 for length in shape):
            raise ValueError(f"its shape is {shape}")
        if not dtype.hasobject:
            values = np.frombuffer(data, dtype, math.prod(shape), file.tell())
            return values.reshape(shape, order="F" if by_columns else "C").copy()
    except Exception as error:  # a header that others wrote is wrong in many ways
        raise DataError(f"{path} is not a .npy file: {error_line(error)}") from None
    objects = _unpickled(data[file.tell() :], path)
    return objects[0] if shape == () and isinstance(objects, list) and len(objects) == 1 else objects


def _unpickled(data: bytes, path: Path) -> Any:  # noqa: ANN401 (whatever was pickled)
    try:
        return _Steps().run(data)
    except Exception as error:  # steps that do not fit each other fail in many ways
        raise DataError(f"{path} cannot be read: {error_line(error)}") from None


@dataclass(frozen=True, slots=True)
class _Name:
    """Something outside that a pickle asks for, such as `numpy.dtype`; it is never looked up."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(slots=True)
class _Type:
    """A type of NumPy by its code, and its byte order, which a later step tells."""

    code: str
    order: str = "="

    def dtype(self) -> np.dtype[Any]:
        if not _PLAIN_TYPE.fullmatch(self.code) or self.order not in ("<", ">", "=", "|"):
            raise DataError(f"it asks for an array of {self.code[:20]!r}")
        return np.dtype(self.order + self.code)


@dataclass(slots=True)
class _Array:
    """An array that a later step fills."""

    values: Any = None


class _Steps:
    """A machine of a stack and a memory, as pickles are written for, which makes plain values alone."""

    def __init__(self) -> None:
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memory: dict[int, Any] = {}

    def run(self, data: bytes) -> Any:  # noqa: ANN401 (whatever was pickled)
        """What the steps leave on the stack.

        Raises:
            Exception: they are no steps, or do not fit each other, or ask for anything else.
        """
        for step, argument, _ in pickletools.genops(data):
            if step.name == "STOP":
                return _plain(self._stack.pop())
            if step.name in _CONSTANTS:
                self._stack.append(_CONSTANTS[step.name]())
            elif step.name in _VALUES:
                self._stack.append(argument)
            elif step.name not in _IGNORED:
                handler = _HANDLERS.get(step.name)
                if handler is None:
                    raise DataError(f"it asks for a step {step.name}, which plain values do without")
                handler(self, argument)
        raise DataError("it ends too early")

    def mark(self, _: object) -> None:
        self._marks.append(len(self._stack))

    def pop(self, _: object) -> None:
        self._stack.pop()

    def marked(self) -> list[Any]:
        """What was put down since the last mark, taken off."""
        at = self._marks.pop()
        taken, self._stack[at:] = self._stack[at:], []
        return taken

    def forget(self) -> None:
        self.marked()

    def duplicate(self, _: object) -> None:
        self._stack.append(self._stack[-1])

    def put(self, place: int | None) -> None:
        self._memory[len(self._memory) if place is None else place] = self._stack[-1]

    def get(self, place: int) -> None:
        self._stack.append(self._memory[place])

    def tuple_of(self, count: int) -> None:
        self._stack[-count:] = [tuple(_plain(self._stack[-left]) for left in range(count, 0, -1))]

    def collect(self, make: Callable[[list[Any]], object]) -> None:
        self._stack.append(make([_plain(value) for value in self.marked()]))

    def extend(self, items: Iterable[Any]) -> None:
        target = self._stack[-1]
        if not isinstance(target, list):
            raise DataError(f"it appends to a {type(target).__name__}")
        target.extend(map(_plain, items))

    def append(self, _: object) -> None:
        self.extend([self._stack.pop()])

    def appends(self, _: object) -> None:
        self.extend(self.marked())

    def update(self, items: list[Any]) -> None:
        target = self._stack[-1]
        if not isinstance(target, dict):
            raise DataError(f"it puts items into a {type(target).__name__}")
        target.update(_pairs(items))

    def set_item(self, _: object) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self.update([key, value])

    def set_items(self, _: object) -> None:
        self.update(self.marked())

    def add_items(self, _: object) -> None:
        items, target = self.marked(), self._stack[-1]
        if not isinstance(target, set):
            raise DataError(f"it adds items to a {type(target).__name__}")
        target.update(map(_key, items))

    def name(self, argument: str) -> None:
        self._stack.append(_Name(*argument.split(" ", 1)))

    def stack_name(self, _: object) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        self._stack.append(_Name(str(module), str(name)))

    def call(self, _: object) -> None:
        arguments, name = self._stack.pop(), self._stack.pop()
        if not isinstance(name, _Name) or not isinstance(arguments, tuple):
            raise DataError(f"it calls a {type(name).__name__}")
        module = name.module.replace("numpy.core.", "numpy._core.")  # its name before NumPy 2
        make = _KNOWN.get((module, name.name))
        if make is None:
            raise DataError(f"it asks for {name}")
        self._stack.append(make(*arguments))

    def build(self, _: object) -> None:
        state, target = self._stack.pop(), self._stack[-1]
        if isinstance(target, _Type) and isinstance(state, tuple):
            target.order = str(state[1])
        elif isinstance(target, _Array) and isinstance(state, tuple):
            _, shape, kind, by_columns, content = state
            target.values = _filled(kind, shape, content, order="F" if by_columns else "C")
        else:
            raise DataError(f"it sets the inside of a {type(target).__name__}")


def _plain(value: Any) -> Any:  # noqa: ANN401 (any value of the stack)
    """A value as others see it: an array as what it was filled with."""
    if isinstance(value, _Array) and value.values is None:
        raise DataError("it holds an array of nothing")
    return value.values if isinstance(value, _Array) else value


def _key(value: object) -> object:
    if not isinstance(value, _KEYS):  # a deep tuple's hash would overrun the stack of the process
        raise DataError(f"a key is a text or a number, not a {type(value).__name__}")
    return value


def _pairs(items: list[Any]) -> dict[Any, Any]:
    return {_key(key): _plain(value) for key, value in zip(items[::2], items[1::2], strict=True)}


def _filled(kind: object, shape: object, content: object, *, order: str) -> Any:  # noqa: ANN401 (array or list)
    if not isinstance(kind, _Type) or not isinstance(shape, tuple):
        raise DataError("it holds an array of no known type")
    if _OBJECTS.fullmatch(kind.code):
        if not isinstance(content, list):
            raise DataError("it holds objects that are no list")
        return content
    held = content.encode("latin1") if isinstance(content, str) else bytes(memoryview(content))  # type: ignore[arg-type]
    return np.frombuffer(held, kind.dtype()).reshape(shape, order=order).copy()  # type: ignore[call-overload]


def _number(kind: object, content: object = b"") -> Any:  # noqa: ANN401 (a number or a text)
    values: NDArray[Any] = np.ravel(_filled(kind, (1,), content, order="C"))
    return values[0].item()


def _from_buffer(content: object, kind: object, shape: object, order: object = "C", *_: object) -> _Array:
    return _Array(_filled(kind, shape, content, order="F" if order == "F" else "C"))


def _type(code: object, *_: object) -> _Type:
    return _Type(str(code))


def _encoded(text: str, encoding: str = "") -> bytes:
    if encoding != "latin1":
        raise DataError(f"it asks for a text in {encoding[:20]!r}")
    return text.encode("latin1")


def _set(items: Iterable[Any] = ()) -> set[Any]:
    return set(map(_key, items))


def _ordered(pairs: Iterable[Any] = ()) -> dict[Any, Any]:
    return _pairs([each for key, value in pairs for each in (key, value)])


_KNOWN: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy._core.multiarray", "_reconstruct"): lambda *_: _Array(),
    ("numpy._core.multiarray", "scalar"): _number,
    ("numpy._core.numeric", "_frombuffer"): _from_buffer,
    ("numpy", "dtype"): _type,
    ("collections", "OrderedDict"): _ordered,
    ("_codecs", "encode"): _encoded,  # how old protocols write bytes
}
_KNOWN |= {(module, "set"): _set for module in ("builtins", "__builtin__")}  # as old protocols write them
_KNOWN |= {(module, "frozenset"): lambda items: frozenset(_set(items)) for module in ("builtins", "__builtin__")}
_CONSTANTS: Mapping[str, Callable[[], object]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
    "EMPTY_DICT": dict,
    "EMPTY_SET": set,
}
_VALUES = frozenset(
    (
        "INT",
        "LONG",
        "BININT",
        "BININT1",
        "BININT2",
        "LONG1",
        "LONG4",
        "FLOAT",
        "BINFLOAT",
        "STRING",
        "BINSTRING",
        "SHORT_BINSTRING",
        "UNICODE",
        "BINUNICODE",
        "SHORT_BINUNICODE",
        "BINUNICODE8",
        "BINBYTES",
        "SHORT_BINBYTES",
        "BINBYTES8",
        "BYTEARRAY8",
    )
)
_IGNORED = frozenset(("PROTO", "FRAME"))
_HANDLERS: Mapping[str, Callable[[_Steps, Any], None]] = {
    "MARK": _Steps.mark,
    "POP": _Steps.pop,
    "POP_MARK": lambda steps, _: steps.forget(),
    "DUP": _Steps.duplicate,
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"), _Steps.put),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _Steps.get),
    "TUPLE": lambda steps, _: steps.collect(tuple),
    "TUPLE1": lambda steps, _: steps.tuple_of(1),
    "TUPLE2": lambda steps, _: steps.tuple_of(2),
    "TUPLE3": lambda steps, _: steps.tuple_of(3),
    "LIST": lambda steps, _: steps.collect(list),
    "DICT": lambda steps, _: steps.collect(_pairs),
    "FROZENSET": lambda steps, _: steps.collect(lambda items: frozenset(map(_key, items))),
    "APPEND": _Steps.append,
    "APPENDS": _Steps.appends,
    "SETITEM": _Steps.set_item,
    "SETITEMS": _Steps.set_items,
    "ADDITEMS": _Steps.add_items,
    "GLOBAL": _Steps.name,
    "STACK_GLOBAL": _Steps.stack_name,
    "REDUCE": _Steps.call,
    "NEWOBJ": _Steps.call,
    "BUILD": _Steps.build,
}
