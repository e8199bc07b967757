"""What is wrong with the rules of a watch, before it runs: everything at once, each in a line that says what to do."""

from __future__ import annotations

import math
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from spotdiff.describe import get_describer
from spotdiff.errors import SpotdiffError
from spotdiff.image import load_picture
from spotdiff.image.resize import shrink
from spotdiff.video import open_feed, without_password
from spotdiff.watching.alerts.router import Routes
from spotdiff.watching.events import check_store
from spotdiff.watching.events.address import parse_address
from spotdiff.watching.run import time_zone
from spotdiff.watching.scene.isolated_judge import tried_judge, try_method
from spotdiff.watching.scene.working_sizes import Sizes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from spotdiff.watching.rules import Inspection, Rules, Zone
    from spotdiff.watching.scene.judge import Judge

_CONNECT = 10.0  # seconds that a source is given for its first frame
_SHAPE = 0.02  # by which the sides of two pictures of one camera may differ in proportion


def problems(rules: Rules) -> list[str]:
    """What would keep a watch from doing what the rules say; nothing is written and no message is sent.

    Returns:
        A line for each problem, [] when all is well. Every source is opened for its first frame, and the
        method is asked about that.
    """
    lines = [*_errors_of(lambda: time_zone(rules.timezone)), *_errors_of(lambda: Routes.from_rules(rules))]
    judge, faults = _tried(rules)
    lines += faults
    lines += _errors_of(lambda: _check_store(rules))
    sizes: dict[str, tuple[int, int]] = {}
    for name, camera in rules.cameras.items():
        try:
            with open_feed(camera.source, name=name, fps=camera.fps, order=camera.order) as feed:
                frame = feed.next(timeout=_CONNECT)
                trouble = feed.status.trouble
        except SpotdiffError as error:
            lines.append(f"camera {name}: {error}")
            continue
        if frame is None:
            source = without_password(camera.source)
            lines.append(
                f"camera {name}: no picture from {source} in {_CONNECT:g} s{': ' + trouble if trouble else ''}"
            )
        else:
            sizes[name] = frame.pixels.shape[1::-1]
            if judge is not None:
                work = shrink(frame.pixels, Sizes.of(frame.pixels, side=camera.side).work)
                lines += [f"camera {name}: {line}" for line in _errors_of(partial(try_method, judge, work))]
    for zone in rules.zones.values():
        lines += _of_zone(zone, rules, sizes)
    for inspection in rules.inspections.values():
        lines += _of_inspection(inspection, sizes)
    return lines


def _errors_of(step: Callable[[], object]) -> list[str]:
    try:
        step()
    except SpotdiffError as error:
        return [str(error)]
    return []


def _tried(rules: Rules) -> tuple[Judge | None, list[str]]:
    """The judge of these rules; None where it cannot work, with why."""
    try:
        return tried_judge(rules.options), []
    except SpotdiffError as error:
        return None, list(dict.fromkeys([str(error), *_errors_of(lambda: get_describer(rules.options))]))


def _check_store(rules: Rules) -> None:
    folder = Path(rules.evidence) if rules.evidence else None
    parse_address(rules.store, folder)
    if "://" in rules.store or Path(rules.store).exists():
        check_store(rules.store, folder=folder)
        return
    parent = Path(rules.store).absolute().parent
    while not parent.exists():
        parent = parent.parent
    if not parent.is_dir():
        raise SpotdiffError(f"store: {parent} is no folder")
    if not os.access(parent, os.W_OK):
        raise SpotdiffError(f"store: {parent} is read-only")


def _of_zone(zone: Zone, rules: Rules, sizes: dict[str, tuple[int, int]]) -> Iterator[str]:
    """A zone must lie in the picture of each of its cameras, and be large enough for what it wants."""
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


def _of_inspection(inspection: Inspection, sizes: dict[str, tuple[int, int]]) -> Iterator[str]:
    """The baseline must be there, and a picture of its camera."""
    try:
        width, height = load_picture(inspection.picture).size
    except SpotdiffError as error:
        yield f"approved {inspection.name}: {error}"
        return
    name = inspection.camera or next(iter(sizes), "")
    if name in sizes:
        camera_width, camera_height = sizes[name]
        if abs(width / height - camera_width / camera_height) > _SHAPE:
            yield (
                f"approved {inspection.name}: its picture is {width} x {height}, which is no picture of {name} "
                f"({camera_width} x {camera_height})"
            )
