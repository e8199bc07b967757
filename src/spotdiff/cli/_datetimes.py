"""Moments on the command line, with as much of the clock as a person cares to write."""

from __future__ import annotations

import click

_CLOCKS = ("", "T%H:%M", " %H:%M", "T%H:%M:%S", " %H:%M:%S")

MOMENT = click.DateTime([f"%Y-%m-%d{clock}" for clock in _CLOCKS])
