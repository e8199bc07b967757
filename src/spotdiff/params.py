"""Parameters are dataclass fields: one declaration gives the default, help, range, option and docs row."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, TypeVar

from spotdiff.errors import OptionError

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])
_TRUE, _FALSE = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}


@dataclass(frozen=True, slots=True)
class Param:
    """What is known of a parameter besides its type and default.

    Attributes:
        help: One line for people.
        low: Smallest value allowed, or None.
        high: Largest value allowed, or None.
        unit: Unit of the value, such as "px"; empty where it has none.
        choices: The words allowed; empty where any value of the type will do.
    """

    help: str
    low: float | None = None
    high: float | None = None
    unit: str = ""
    choices: tuple[str, ...] = ()

    @property
    def range(self) -> str:
        """The allowed values in words, such as `0..1` or `grey|rgb`; empty where all are."""
        if self.choices:
            return "|".join(self.choices)
        if self.low is None and self.high is None:
            return ""
        return f"{'' if self.low is None else f'{self.low:g}'}..{'' if self.high is None else f'{self.high:g}'}"


def param(
    default: Any,  # noqa: ANN401 (a default is of any type; the field's annotation says which)
    help: str,  # noqa: A002 (click's and argparse's own name for it)
    *,
    low: float | None = None,
    high: float | None = None,
    unit: str = "",
    choices: tuple[str, ...] = (),
) -> Any:  # noqa: ANN401
    """A dataclass field that carries its `Param`."""
    return field(default=default, metadata={"param": Param(help, low, high, unit, choices)})


def params_of(cls: type) -> dict[str, tuple[Field[Any], Param]]:
    """The parameters of a dataclass by name, in the order declared; fields without a `Param` are not parameters."""
    return {f.name: (f, f.metadata["param"]) for f in fields(cls) if "param" in f.metadata}


def check(instance: object) -> None:
    """Check every parameter of a dataclass instance; call it from `__post_init__`.

    Raises:
        OptionError: a value has another type than its default, is out of range or not among the choices.
    """
    for name, (declared, known) in params_of(type(instance)).items():
        _check_value(name, getattr(instance, name), declared, known)


def _check_value(name: str, value: object, declared: Field[Any], known: Param) -> None:
    default = declared.default
    if default is None or default is MISSING:
        if value is None:
            return
    elif not _same_type(value, default):
        raise OptionError(f"{name} takes {_type_name(default)}, not {value!r}")
    if known.choices and value not in known.choices:
        raise OptionError(
            f"{name} takes one of {', '.join(known.choices)}, not {value!r}{hint(str(value), known.choices)}"
        )
    for one in value if isinstance(value, tuple) else (value,):
        if isinstance(one, (int, float)) and not isinstance(one, bool) and not _in_range(one, known):
            raise OptionError(f"{name} takes {known.range}{' ' + known.unit if known.unit else ''}, not {value!r}")


def _in_range(value: float, known: Param) -> bool:
    high_enough = known.low is None or value >= known.low
    low_enough = known.high is None or value <= known.high
    return high_enough and low_enough and value == value


def _same_type(value: object, default: object) -> bool:
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(value, bool) and isinstance(default, bool)
    if isinstance(default, float):
        return isinstance(value, (int, float))
    if isinstance(default, tuple):
        return isinstance(value, tuple) and all(_same_type(each, _one_of(default)) for each in value)
    return isinstance(value, type(default))


def _one_of(default: tuple[Any, ...]) -> object:
    """What an element of a tuple is like: the first of the default, a word where that is empty."""
    return default[0] if default else ""


def _type_name(default: object) -> str:
    if isinstance(default, tuple):
        return f"{_type_name(_one_of(default))}, or several with commas between"
    names = {bool: "true or false", int: "a whole number", float: "a number", str: "a word"}
    return names.get(type(default), type(default).__name__)


def parse(text: str, default: object) -> object:
    """The value that `text` stands for, of the type of `default`.

    Raises:
        OptionError: the text cannot be read as that type.

    Examples:
        >>> parse("0.5", 1.0), parse("3", 1), parse("on", False), parse("yiq", "rgb"), parse("8, 16", (1,))
        (0.5, 3, True, 'yiq', (8, 16))
    """
    try:
        if isinstance(default, bool):
            lowered = text.strip().lower()
            if lowered not in _TRUE | _FALSE:
                raise ValueError
            return lowered in _TRUE
        if isinstance(default, int):
            return int(text)
        if isinstance(default, float):
            return float(text)
        if isinstance(default, tuple):
            return tuple(parse(part.strip(), _one_of(default)) for part in text.split(","))
    except ValueError:
        raise OptionError(f"{text!r} is not {_type_name(default)}") from None
    return text


def build(cls: type[T], settings: Mapping[str, object], *, owner: str, **given: object) -> T:
    """An instance of the dataclass `cls` from settings; texts are read as the type of the default.

    Args:
        cls: The dataclass.
        settings: Values of its parameters by name.
        owner: Whose settings they are, for what is told of mistakes.
        given: Values of its fields that are no parameters.

    Raises:
        OptionError: a setting is unknown (the nearest name is suggested) or has a value it cannot have.
    """
    known = params_of(cls)
    values: dict[str, object] = {}
    for name, value in settings.items():
        if name not in known:
            some = f"; it has {', '.join(known)}" if known else "; it has none"
            raise OptionError(f"{owner} has no parameter {name!r}{hint(str(name), tuple(known)) or some}")
        default = known[name][0].default
        try:
            values[name] = parse(value, default) if isinstance(value, str) else value
        except OptionError as error:
            raise OptionError(f"{name}: {error}") from None
    return cls(**given, **values)


def shows_fields(cls: type, values: type) -> Callable[[F], F]:
    """Let a function that takes `**values`, a TypedDict, say so by name in help and completion; it stays what it is.

    Those read the signature, in which `**values` would hide what can be asked for.

    Args:
        cls: The dataclass whose fields, with their types and defaults, the values are.
        values: The TypedDict.
    """

    def shown(function: F) -> F:
        signature = inspect.signature(function)
        own = [one for one in signature.parameters.values() if one.kind is not inspect.Parameter.VAR_KEYWORD]
        named = [
            inspect.Parameter(
                declared.name, inspect.Parameter.KEYWORD_ONLY, default=_default(declared), annotation=declared.type
            )
            for declared in fields(cls)
            if declared.name in values.__annotations__
        ]
        function.__signature__ = signature.replace(parameters=[*own, *named])  # type: ignore[attr-defined]
        return function

    return shown


def _default(declared: Field[Any]) -> object:
    return declared.default if declared.default_factory is MISSING else declared.default_factory()


def hint(word: str, known: Sequence[str]) -> str:
    """`; did you mean ...?` for a word that is almost one of those known, else nothing."""
    near = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {near[0]}?" if near else ""
