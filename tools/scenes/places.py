"""Places drawn by lot: a room, a yard or a desk, with light of any hour and a camera that looks at the middle."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import cos, radians, sin

from scenes import props
from scenes.materials import brick, concrete, paint, plaster, wood
from scenes.random_things import LARGE, SMALL, colour
from scenes.shapes import Thing
from scenes.stage import area_light, clear_sky, plain_sky, spot_light, sun_light

TOP = 0.75


@dataclass(frozen=True)
class Place:
    """Where things can stand, and from where they are seen.

    Attributes:
        name: What kind of place.
        ground: Height of what things stand on, in metres.
        area: (half the width, half the depth) in which they stand, around the origin.
        stock: What may stand there.
        eye, target, lens: The camera.
        scale: How large things are: 1 for a room, less for a desk.
    """

    name: str
    ground: float
    area: tuple[float, float]
    stock: Mapping[str, tuple[float, Callable]]
    eye: tuple[float, float, float]
    target: tuple[float, float, float]
    lens: float
    scale: float


def build(random):
    return random.choice((_room, _yard, _desk))(random)


def _seen_from(random, *, near, far, low, high, width, height):
    """A camera before the middle of the place: where it is, at what it looks, and its lens in mm."""
    away, rise, turn = (
        random.uniform(near, far),
        radians(random.uniform(low, high)),
        radians(random.uniform(-width, width)),
    )
    eye = (away * cos(rise) * sin(turn), -away * cos(rise) * cos(turn), height + away * sin(rise))
    return eye, (0.0, 0.0, height + 0.04 * away), random.uniform(30, 36)


def _floor(random, name):
    tone = tuple(0.15 + 0.5 * part for part in colour(random))
    kind = random.randrange(3)
    if kind == 0:
        return concrete(name, tone, joint=random.choice((0.0, 0.6, 1.2)), rough=random.uniform(0.4, 0.8))
    if kind == 1:
        return wood(name, tone, tuple(0.6 * part for part in tone), along=random.choice("xy"), rough=0.5)
    return paint(name, tone, rough=0.8, grime=random.uniform(0.2, 0.9), bump=0.2)


def _wall(random, name):
    tone = tuple(0.2 + 0.6 * part for part in colour(random))
    if random.random() < 0.35:
        return brick(name, tone, tuple(0.8 * part for part in tone))
    return plaster(name, tone, grime=random.uniform(0.1, 0.8))


def _pictures(random, wall, *, y, low, high):
    """Frames and plates on a wall that runs along x."""
    for k in range(random.randint(0, 4)):
        wide, tall = random.uniform(0.2, 0.9), random.uniform(0.2, 0.7)
        spot = (random.uniform(-1.8, 1.8), y - 0.01 * k, random.uniform(low, high))  # no two faces in one plane
        wall.box((wide, 0.03, tall), spot, paint(f"frame {k}", colour(random)), bevel=0.004)
        wall.box(
            (0.85 * wide, 0.034, 0.8 * tall),
            (spot[0], spot[1], spot[2] + 0.1 * tall),
            paint(f"print {k}", colour(random)),
        )


def _room(random):
    shell = Thing("room")
    shell.box((12, 12, 0.1), (0, 0, -0.1), _floor(random, "floor"), bevel=0)
    back, side = random.uniform(2.0, 2.8), random.uniform(2.0, 2.8) * random.choice((-1, 1))
    shell.box((12, 0.2, 3.2), (0, back + 0.1, 0), _wall(random, "back wall"), bevel=0)
    shell.box((0.2, 12, 3.2), (side + (0.1 if side > 0 else -0.1), 0, 0), _wall(random, "side wall"), bevel=0)
    shell.box((12, 0.03, 0.1), (0, back - 0.01, 0), paint("skirting", colour(random)), bevel=0.003)
    _pictures(random, shell, y=back - 0.01, low=0.8, high=1.8)
    eye, target, lens = _seen_from(random, near=3.6, far=4.6, low=18, high=48, width=28, height=0.3)
    return Place("room", 0.0, (1.6, 1.6), LARGE, eye, target, lens, 1.0)


def _yard(random):
    ground = Thing("ground")
    ground.box((80, 80, 0.2), (0, 20, -0.2), _floor(random, "ground"), bevel=0)
    line = paint("line", colour(random), grime=0.9)
    for _ in range(random.randint(0, 4)):
        spot = (random.uniform(-2, 2), random.uniform(-2, 2), 0)
        ground.box((0.1, random.uniform(1, 5), 0.004), spot, line, bevel=0, turn=(0, 0, random.uniform(-90, 90)))
    back = random.uniform(2.6, 5.0)
    if random.random() < 0.5:
        ground.box((16, 0.3, random.uniform(1.2, 4)), (0, back, 0), _wall(random, "yard wall"), bevel=0.01)
    else:
        planks = [wood(f"plank {k}", (0.3 + 0.05 * k, 0.24, 0.17), (0.17, 0.13, 0.09), along="z") for k in range(3)]
        for k in range(60):
            ground.box((0.125, 0.022, 1.9), (-4.0 + 0.135 * k, back, 0), random.choice(planks), bevel=0.003)
    eye, target, lens = _seen_from(random, near=4.0, far=5.2, low=14, high=45, width=40, height=0.3)
    return Place("yard", 0.0, (1.9, 1.9), LARGE, eye, target, lens, 1.0)


def _desk(random):
    room = Thing("desk room")
    room.box((8, 0.1, 2.7), (0, 0.8, 0), _wall(random, "desk wall"), bevel=0)
    room.box((8, 8, 0.1), (0, 0, -0.1), _floor(random, "desk floor"), bevel=0)
    _pictures(random, room, y=0.745, low=1.0, high=1.4)
    top = _floor(random, "desk top")
    room.box((random.uniform(1.5, 2.2), 1.1, 0.04), (0, 0.1, TOP - 0.04), top, bevel=0.006)
    for x in (-0.7, 0.7):
        room.box((0.06, 0.8, TOP - 0.04), (x, 0.1, 0), props.steel(), bevel=0.004)
    eye, target, lens = _seen_from(random, near=1.1, far=1.45, low=20, high=55, width=30, height=TOP)
    return Place("desk", TOP, (0.5, 0.36), SMALL, eye, target, lens, 0.3)


def light(random, place):
    """Light of a random hour: its name, what switches it on, and the grey that the picture is exposed to."""
    return random.choice((_sunny, _sunny, _cloudy, _lamps))(random, place)


def _sunny(random, place):
    if place.name == "yard":
        turn, height, haze = random.uniform(-270, -90), random.uniform(18, 60), random.uniform(0.5, 3)
        return (
            "clear sky",
            lambda: clear_sky(sun_height=height, sun_turn=turn, strength=0.11, haze=haze),
            random.uniform(0.14, 0.26),
        )
    turn, height = radians(random.uniform(-75, 75)), radians(random.uniform(28, 65))
    way = (sin(turn), 0.8 * cos(turn), -sin(height))
    warm, power, soft = random.uniform(0.55, 1.0), random.uniform(2.0, 4.5), random.uniform(0.5, 4)

    def switch():
        plain_sky((0.6, 0.75, 1.0), 0.45)
        sun_light(way, power=power, colour=(1.0, 0.7 + 0.3 * warm, warm), softness=soft)

    return "sun", switch, random.uniform(0.14, 0.26)


def _cloudy(random, place):
    grey, strength = random.uniform(0.85, 1.1), random.uniform(0.6, 1.0)
    way = (random.uniform(-0.5, 0.5), random.uniform(-0.1, 0.6), -1.0)

    def switch():
        plain_sky((0.85, 0.9, grey), strength)
        sun_light(way, power=0.8, colour=(1.0, 0.97, 0.92), softness=25)

    return "cloudy", switch, random.uniform(0.14, 0.24)


def _lamps(random, place):
    size = place.scale
    lamps = [
        (
            (
                random.uniform(-2, 2) * size,
                random.uniform(-2, 1) * size,
                place.ground + random.uniform(2.0, 3.0) * size,
            ),
            random.uniform(100, 220) * size**2,
            (1.0, random.uniform(0.72, 0.95), random.uniform(0.4, 0.9)),
            random.random() < 0.5,
        )
        for _ in range(random.randint(1, 3))
    ]
    share = 1 / len(lamps)

    def switch():
        plain_sky((0.3, 0.4, 0.65), 0.12)
        for spot, power, tone, narrow in lamps:
            if narrow:
                spot_light(spot, (0, 0, place.ground), power=4 * share * power, colour=tone, cone=1.7)
            else:
                wide = 0.6 * size
                area_light(spot, (0, 0, place.ground), size=(wide, wide), power=share * power, colour=tone)

    return "lamps", switch, random.uniform(0.07, 0.2)
