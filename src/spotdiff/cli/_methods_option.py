"""Several methods in one command: `--method NAME`, or `--method NAME=WEIGHTS`, as often as wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import click

from spotdiff.cli._options import read_options
from spotdiff.errors import OptionError
from spotdiff.options import Options

F = TypeVar("F", bound=Callable[..., Any])


def several_methods(function: F) -> F:
    """Let a verb's `--method` be given more than once; the verb gets a tuple. To stand above `comparison_options`."""
    made: list[click.Parameter] = function.__click_params__  # type: ignore[attr-defined]
    number = next(index for index, option in enumerate(made) if option.name == "method")
    help_text = "how to score a pair, and a file of its weights; may be given several times; see `spotdiff methods`"
    made[number] = click.Option(
        ["--method", "methods"],
        multiple=True,
        default=(Options().method,),
        show_default=True,
        metavar="NAME[=WEIGHTS]",
        help=help_text,
    )
    return function


def read_candidates(
    methods: Sequence[str],
    *,
    settings: Iterable[str],
    **options: Any,  # noqa: ANN401 (one value per field of Options)
) -> dict[str, Options]:
    """The `Options` of each method by its label: its name, or the words it was asked for with where two share a name.

    A setting `field=value` goes to every method, `METHOD.field=value` to that method only.

    Raises:
        OptionError: a method is asked for twice in the same words, a setting is meant for none of the methods or is no
            setting, or an option has a value it cannot have.
    """
    names = [text.partition("=")[0] for text in methods]
    twice = sorted({text for text in methods if methods.count(text) > 1})
    if twice:
        raise OptionError(f"--method {twice[0]} is asked for twice")
    given = [_meant_for(text, names) for text in settings]
    made = {}
    for text, name in zip(methods, names, strict=True):
        weights = text.partition("=")[2]
        own = [setting for method, setting in given if method in ("", name)] + (
            [f"weights={weights}"] if weights else []
        )
        label = name if names.count(name) == 1 else text
        made[label] = read_options(settings=own, method=name, **options)
    return made


def _meant_for(setting: str, names: Sequence[str]) -> tuple[str, str]:
    """The method that a setting is meant for, "" for all of them, and the setting itself.

    Examples:
        >>> _meant_for("pixel.metric=yiq", ["pixel", "ssim"]), _meant_for("weights=a.b", ["spot"])
        (('pixel', 'metric=yiq'), ('', 'weights=a.b'))
    """
    field, equals, value = setting.partition("=")
    method, dot, own = field.strip().rpartition(".")
    if not dot:
        return "", setting
    if method not in names:
        raise OptionError(
            f"--set {setting} is meant for {method!r}, which is not among the methods: {', '.join(names)}"
        )
    return method, f"{own}{equals}{value}"
