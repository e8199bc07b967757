"""What is wrong with the rules of a watch, before it runs: everything at once, each in a line that says what to do."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING

from spotdiff.describe import get_describer
from spotdiff.errors import SpotdiffError
from spotdiff.image import load_picture
from spotdiff.methods import get_method
from spotdiff.video import open_feed, without_password
from spotdiff.watching.post import Addresses
from spotdiff.watching.run import time_zone
from spotdiff.watching.store import open_store
from spotdiff.watching.store.address import parse_address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from spotdiff.watching.rules import Approved, Rules, Zone

_CONNECT = 10.0  # seconds that a source is given for its first frame
_SHAPE = 0.02  # by which the sides of two pictures of one camera may differ in proportion


def problems(rules: Rules) -> list[str]:
    """What would keep a watch from doing what the rules ask; nothing is written and nobody is told.

    Returns:
        A line for each problem, [] when all is well. Every source is opened for its first frame.
    """
    found = [*_tried(lambda: time_zone(rules.timezone)), *_tried(lambda: Addresses.of(rules))]
    found += _tried(lambda: get_method(rules.options.method, rules.options.settings))
    found += _tried(lambda: get_describer(rules.options))
    found += _tried(lambda: _check_store(rules))
    sizes: dict[str, tuple[int, int]] = {}
    for name, camera in rules.cameras.items():
        try:
            with open_feed(camera.source, name=name, fps=camera.fps, order=camera.order) as feed:
                frame = feed.next(timeout=_CONNECT)
                trouble = feed.status.trouble
        except SpotdiffError as error:
            found.append(f"camera {name}: {error}")
            continue
        if frame is None:
            shown = without_password(camera.source)
            found.append(f"camera {name}: no picture from {shown} in {_CONNECT:g} s{': ' + trouble if trouble else ''}")
        else:
            sizes[name] = frame.pixels.shape[1::-1]
    for zone in rules.zones.values():
        found += _of_zone(zone, rules, sizes)
    for shift in rules.approved.values():
        found += _of_shift(shift, sizes)
    return found


def _tried(step: Callable[[], object]) -> list[str]:
    try:
        step()
    except SpotdiffError as error:
        return [str(error)]
    return []


def _check_store(rules: Rules) -> None:
    folder = Path(rules.evidence) if rules.evidence else None
    parse_address(rules.store, folder)
    if "://" in rules.store or Path(rules.store).exists():
        open_store(rules.store, folder=folder, reserve_mb=0).close()
        return
    above = Path(rules.store).absolute().parent
    while not above.exists():
        above = above.parent
    if not above.is_dir():
        raise SpotdiffError(f"store: {above} is no folder")
    if not os.access(above, os.W_OK):
        raise SpotdiffError(f"store: {above} is read-only")


def _of_zone(zone: Zone, rules: Rules, sizes: dict[str, tuple[int, int]]) -> Iterator[str]:
    """A zone must lie in the picture of each of its cameras, and be large enough for what it asks."""
    for name in zone.cameras or tuple(rules.cameras):
        if name not in sizes or not zone.polygon:
            continue
        width, height = sizes[name]
        corners = [(x, y) for x, y in zone.polygon if not (-1 <= x <= width + 1 and -1 <= y <= height + 1)]
        if corners:
            x, y = corners[0]
            yield f"zone {zone.name}: corner {x:g}, {y:g} is outside the picture of {name}, which is {width} x {height}"
    area = abs(_area(zone.polygon)) if zone.polygon else math.inf
    if area < max(zone.min_area, 16):
        yield f"zone {zone.name}: it covers {area:.0f} px, fewer than the smallest thing it tells"


def _area(polygon: tuple[tuple[float, float], ...]) -> float:
    following = polygon[1:] + polygon[:1]
    return sum(x * v - u * y for (x, y), (u, v) in zip(polygon, following, strict=True)) / 2


def _of_shift(shift: Approved, sizes: dict[str, tuple[int, int]]) -> Iterator[str]:
    """The approved picture must be there, and one of its camera."""
    try:
        width, height = load_picture(shift.picture).size
    except SpotdiffError as error:
        yield f"approved {shift.name}: {error}"
        return
    name = shift.camera or next(iter(sizes), "")
    if name in sizes:
        wide, high = sizes[name]
        if abs(width / height - wide / high) > _SHAPE:
            yield (
                f"approved {shift.name}: its picture is {width} x {height}, which is no picture of {name} "
                f"({wide} x {high})"
            )
