"""The options of a comparison, made from the fields of `Options`, so that no field is without its option."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import zip_longest
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from spotdiff import plugins
from spotdiff.errors import OptionError
from spotdiff.options import ALL_PAGES, Options
from spotdiff.params import Param, params_of
from spotdiff.presets import PRESETS, preset_options
from spotdiff.report.batch_row import FAILING
from spotdiff.types import Box

_DESCRIBE = Options().describe
F = TypeVar("F", bound=Callable[..., Any])


def box_of(text: str) -> Box:
    """The half-open box (left, top, right, bottom) that `x,y,width,height` in pixels stands for.

    Raises:
        click.BadParameter: the text is something else, or the box is empty.

    Examples:
        >>> box_of("10,20,30,40")
        (10, 20, 40, 60)
    """
    try:
        x, y, width, height = (int(part) for part in text.split(","))
    except ValueError:
        raise click.BadParameter(f"{text!r} is not x,y,width,height in whole pixels") from None
    if width <= 0 or height <= 0:
        raise click.BadParameter(f"{text!r} is empty: width and height must be 1 or more")
    return x, y, x + width, y + height


def page_of(text: str) -> int | str:
    """The page that `1`, `2`, ... or `all` stands for.

    Raises:
        click.BadParameter: the text is something else.
    """
    if text == ALL_PAGES:
        return text
    if not text.isdecimal() or int(text) < 1:
        raise click.BadParameter(f"{text!r} is neither a number from 1 on nor {ALL_PAGES}")
    return int(text)


def bands_of(_: click.Context, __: click.Parameter, text: str) -> tuple[int, ...]:
    """The numbers of bands in a list parted by commas; none for an empty text."""
    parts = [part.strip() for part in text.split(",")] if text else []
    if not all(part.isdecimal() and int(part) > 0 for part in parts) or len(parts) not in (0, 1, 3):
        raise click.BadParameter(f"{text!r} is neither one number from 1 on nor three, such as 4,3,2")
    return tuple(map(int, parts))


page_option = click.option(
    "--page",
    type=page_of,
    default="1",
    show_default=True,
    metavar=f"N|{ALL_PAGES}",
    help="of files that hold several pages or frames: which to compare, or all, page by page",
)


def _failing_verdicts(_: click.Context, __: click.Parameter, value: str) -> frozenset[str]:
    """The verdicts of a list parted by commas; none for `never`."""
    kinds = frozenset(part.strip() for part in value.split(",") if part.strip())
    if kinds == {"never"}:
        return frozenset()
    if unknown := sorted(kinds - {*FAILING}):
        raise click.BadParameter(f"{unknown[0]!r} is none of {', '.join(FAILING)} and never")
    return kinds


fail_on_option = click.option(
    "--fail-on",
    default=",".join(FAILING),
    show_default=True,
    callback=_failing_verdicts,
    metavar="KIND,...|never",
    help="verdicts that make the exit code other than 0; trouble always does",
)


settings_option = click.option(
    "--settings", "judged_by", metavar="FILE", help="criteria that `spotdiff judge` found and wrote"
)


class Comparing(click.Command):
    """A verb whose `--describe` may stand alone before a picture, which is then no name of a describer."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, after `--describe` before a file has been given its value."""
        if "--describe" not in args:
            return super().parse_args(ctx, args)
        names = {"off", *plugins.names("describe")}
        words = []
        for word, following in zip_longest(args, args[1:], fillvalue=""):
            alone = word == "--describe" and "--" not in words and following not in names and Path(following).is_file()
            words.append(f"{word}={_DESCRIBE}" if alone else word)
        return super().parse_args(ctx, words)


def comparison_options(function: F) -> F:
    """Give a verb one option for each way in which a comparison can be asked for."""
    made = [_option(name, declared.default, known) for name, (declared, known) in params_of(Options).items()]
    setting = click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="FIELD=VALUE",
        help="a parameter of the method; see `spotdiff methods NAME`",
    )
    made.insert(1, setting)
    made.insert(0, preset_option())
    tell = "a parameter of the describer, such as url=http://localhost:11434/v1 of endpoint"
    made.append(click.option("--describe-set", "tellings", multiple=True, metavar="FIELD=VALUE", help=tell))
    mask = "a picture of before's size; nothing counts where it is not black"
    bands = "of TIFFs, by number from 1 on: those shown as red, green and blue, or one; needs rasterio"
    made += [
        click.option(
            "--ignore", multiple=True, type=box_of, metavar="X,Y,W,H", help="nothing counts in this box of before"
        ),
        click.option(
            "--focus",
            multiple=True,
            type=box_of,
            metavar="X,Y,W,H",
            help="nothing counts outside of this box of before",
        ),
        click.option("--ignore-mask", metavar="FILE", help=mask),
        click.option("--bands", default="", callback=bands_of, metavar="R,G,B|N", help=bands),
        click.option("--areas", metavar="FILE", help="named polygons of before that the words refer to: TOML or JSON"),
    ]
    for option in reversed(made):
        function = option(function)
    return function


def preset_option(more: str = "") -> Callable[[F], F]:
    """The option that names a preset; `more` is said of it in the help."""
    listed = f"options by what is compared: {', '.join(PRESETS)}; see `spotdiff presets`"
    return click.option("--preset", metavar="NAME", help=f"{listed}{more}")


def _option(name: str, default: object, known: Param) -> Callable[[F], F]:
    kind: Any = click.Choice(known.choices) if known.choices else type(default)
    limits = "" if known.choices else " ".join(part for part in (known.range, known.unit) if part)
    help_text = f"{known.help} ({limits})" if limits else known.help
    flag = f"--{name.replace('_', '-')}"
    alone: dict[str, Any] = (
        {"is_flag": False, "flag_value": default} if name == "describe" else {}
    )  # may stand without a value
    return click.option(flag, name, default=default, type=kind, show_default=default != "", help=help_text, **alone)


def read_options(
    *,
    settings: Iterable[str],
    tellings: Iterable[str] = (),
    preset: str | None = None,
    **asked: Any,  # noqa: ANN401 (one value per field of Options)
) -> Options:
    """The `Options` that were asked for; what was typed goes over the preset.

    Raises:
        OptionError: a setting is not `field=value`, an option has a value it cannot have, or there is no such preset.
    """
    describe_settings = dict(setting_of(text, flag="--describe-set") for text in tellings)
    typed: dict[str, object] = dict(setting_of(text) for text in settings)
    if preset is not None:
        source = click.get_current_context().get_parameter_source
        given = {name: value for name, value in asked.items() if source(name) is not ParameterSource.DEFAULT}
        asked |= preset_options(preset, given | {"settings": typed})
    return Options(**{"settings": typed, "describe_settings": describe_settings, **asked})


def setting_of(text: str, *, flag: str = "--set") -> tuple[str, str]:
    """Name and value of a text `field=value`.

    Raises:
        OptionError: it is none.
    """
    field, equals, value = text.partition("=")
    if not equals or not field.strip():
        raise OptionError(f"{flag} takes field=value, not {text!r}")
    return field.strip().replace("-", "_"), value.strip()
