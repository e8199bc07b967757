"""Options by what is compared: photo, screens, inspection, survey, medical."""

from __future__ import annotations

import json

import click

from spotdiff.cli._terminal import say
from spotdiff.presets import PRESETS


@click.command()
@click.option("--json", "as_json", is_flag=True, help="print them as one JSON object")
def command(as_json: bool) -> int:  # noqa: FBT001 (click passes by name)
    """List the presets that compare and batch take as --preset; what is typed beside one goes over it.

    \b
    Example: spotdiff compare before.png after.png --preset screens --join 20
    """  # noqa: D301 (click wants the character itself)
    if as_json:
        listed = {
            name: {"about": preset.about, "options": dict(preset.options), "why": preset.why}
            for name, preset in PRESETS.items()
        }
        click.echo(json.dumps(listed, indent=2))
        return 0
    for name, preset in PRESETS.items():
        flags = " ".join(_flags(dict(preset.options)))
        say(f"{name:<11} {preset.about}\n{'':<11} {flags}\n{'':<11} {preset.why}")
    return 0


def _flags(options: dict[str, object]) -> list[str]:
    """The options as they would be typed."""
    settings = options.pop("settings", {})
    typed = [f"--{name.replace('_', '-')} {value}" for name, value in options.items()]
    return [*typed, *(f"--set {name}={value}" for name, value in dict(settings).items())]  # type: ignore[call-overload]
