"""A scene drawn by lot: what stands in it, what becomes of it, and how its two pictures are taken."""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import hypot, radians

from scenes.places import Place, build, light
from scenes.random_things import make
from scenes.shapes import Thing

KINDS = ("added", "removed", "replaced", "moved")
UNCHANGED = 0.35  # share of scenes in which nothing happens
FEWEST, MOST, CHANGES = 6, 14, 4
TRIES = 200

Pose = tuple[float, float, float]  # x, y in metres, turn in degrees


@dataclass(frozen=True)
class Actor:
    """A thing and where it stands in each picture; None where it is not there.

    Attributes:
        thing: The thing.
        name: What it is.
        before, after: Its poses.
        change: Number of the change it belongs to, from 1 on; 0 for none.
        kind: What becomes of it.
    """

    thing: Thing
    name: str
    before: Pose | None
    after: Pose | None
    change: int = 0
    kind: str = ""


@dataclass(frozen=True)
class Taken:
    """How one picture is taken.

    Attributes:
        hour: The light's name.
        switch: What puts the light on.
        meter: The grey, in (0, 1), that the picture's mean is exposed to.
        shift, angles, zoom: How the camera was nudged, see `nudge`.
    """

    hour: str
    switch: Callable[[], None]
    meter: float
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0)
    angles: tuple[float, float, float] = (0.0, 0.0, 0.0)
    zoom: float = 1.0


@dataclass(frozen=True)
class Lot:
    """A scene."""

    place: Place
    actors: list[Actor] = field(default_factory=list)
    views: dict[str, Taken] = field(default_factory=dict)


def how_many_changes(random):
    """Number of changes of a scene."""
    return 0 if random.random() < UNCHANGED else random.randint(1, CHANGES)


def draw(random, *, changes, motion):
    """A scene with so many changes, where they find room; `motion` scales how far the camera moves in between."""
    place = build(random)
    actors, floor = [], _Floor(random, place)
    for number in range(1, changes + 1):
        actors += _changed(random, place, floor, number)
    for _ in range(random.randint(FEWEST, MOST) - len(actors)):
        actors += _standing(random, place, floor)
    views = {"before": Taken(*light(random, place)), "after": _second(random, place, motion)}
    return Lot(place, actors, views)


class _Floor:
    """The ground that is still free."""

    def __init__(self, random, place):
        self.random, self.place, self.taken = random, place, []

    def pose(self, reach):
        """A free pose for a thing that reaches that far, or None where none was found."""
        for _ in range(TRIES):
            x, y = (self.random.uniform(-half + reach, half - reach) for half in self.place.area)
            if all(hypot(x - other, y - there) > reach + wide for other, there, wide in self.taken):
                self.taken.append((x, y, reach))
                return x, y, self.random.uniform(-180, 180)
        return None


def _standing(random, place, floor):
    name = random.choice(list(place.stock))
    pose = floor.pose(place.stock[name][0])
    return [Actor(make(name, random.random(), place.stock), name, pose, pose)] if pose else []


def _changed(random, place, floor, number):
    kind, name = random.choice(KINDS), random.choice(list(place.stock))
    other = random.choice([each for each in place.stock if each != name])
    reach = place.stock[name][0]
    if kind == "replaced":
        reach = max(reach, place.stock[other][0])
    here = floor.pose(reach)
    there = floor.pose(reach) if kind == "moved" else here
    if here is None or there is None:
        return []
    poses = {"added": (None, here), "moved": (here, there)}.get(kind, (here, None))
    actors = [Actor(make(name, random.random(), place.stock), name, *poses, number, kind)]
    if kind == "replaced":
        actors.append(Actor(make(other, random.random(), place.stock), other, None, here, number, kind))
    return actors


def _second(random, place, motion):
    """The later picture: other light, and the camera put back almost where it was."""
    reach = 0.12 * place.scale * motion
    shift = tuple(random.uniform(-reach, reach) for _ in "xyz")
    angles = tuple(random.uniform(-1.5, 1.5) * motion for _ in "xyz")
    zoom = 1 + random.uniform(-0.02, 0.02) * motion
    return Taken(*light(random, place), shift, angles, zoom)


def enter(actor, side, ground):
    """Put a thing where it stands in one picture, or hide it."""
    pose = getattr(actor, side)
    actor.thing.show(visible=pose is not None)
    if pose is not None:
        actor.thing.anchor.location = (*pose[:2], ground)
        actor.thing.anchor.rotation_euler[2] = radians(pose[2])
