"""Things in endless variety, each made from a number: the same number always makes the same thing."""

from colorsys import hsv_to_rgb
from math import cos, pi, sin
from random import Random

from scenes import desk, props, yard
from scenes.materials import glow, metal, paint, wood
from scenes.shapes import Thing

ORIGIN = (0.0, 0.0, 0.0)


def colour(random):
    """A colour as things have it: mostly plain or muted, sometimes loud."""
    loud = random.random() < 0.45
    saturation = random.uniform(0.65, 0.95) if loud else random.uniform(0.0, 0.5)
    return hsv_to_rgb(random.random(), saturation, random.uniform(0.06, 0.75))


def skin(random, *, worn=True):
    """A surface: painted, wooden or of metal."""
    tone, name = colour(random), f"skin {random.random()}"
    kind = random.random()
    if kind < 0.7:
        edge = (0.25, 0.2, 0.15) if worn and random.random() < 0.2 else None
        return paint(name, tone, rough=random.uniform(0.2, 0.8), grime=random.uniform(0.0, 0.6), worn=edge)
    if kind < 0.85:
        light = tuple(0.3 + 0.35 * part for part in tone)
        return wood(name, light, tuple(0.55 * part for part in light), along=random.choice("xyz"))
    return metal(name, tuple(0.4 + 0.4 * part for part in tone), rust=random.choice((0.05, 0.6)))


def vase(name, random, *, size):
    """A turned body with a wavy outline."""
    thing, high = Thing(name), size * random.uniform(0.8, 1.9)
    wave, phase, swing = random.uniform(3, 8), random.uniform(0, 6), random.uniform(0.1, 0.4)
    heights = [k / 14 for k in range(15)]
    profile = [(0.5 * size * (0.65 + swing * sin(phase + wave * t)), high * t) for t in heights]
    rim = profile[-1][0]
    profile = [(0, 0), *profile, (0.88 * rim, high), (0.8 * rim, 0.85 * high), (0, 0.8 * high)]
    thing.lathe(profile, ORIGIN, skin(random))
    return thing


def ball(name, random, *, size):
    thing, radius = Thing(name), size / 2
    skins = [skin(random, worn=False) for _ in range(2)]
    for k in range(6):
        ends = (-pi / 2 + pi * k / 6, -pi / 2 + pi * (k + 1) / 6)
        steps = [ends[0] + (ends[1] - ends[0]) * part / 4 for part in range(5)]
        band = [(max(radius * cos(a), 1e-4), radius + radius * sin(a)) for a in steps]
        thing.lathe(band, ORIGIN, skins[k % 2])
    return thing


def tower(name, random, *, size):
    """Boxes upon each other, a little askew."""
    thing, level = Thing(name), 0.0
    for _ in range(random.randint(1, 4)):
        wide, deep, high = (size * random.uniform(0.4, 0.9) for _ in "xyz")
        thing.box((wide, deep, 0.6 * high), (0, 0, level), skin(random), turn=(0, 0, random.uniform(-20, 20)))
        level += 0.6 * high
    return thing


def bowl(name, random, *, size):
    """A bucket, mug or bowl, with or without a handle."""
    thing, foot, high = Thing(name), size * random.uniform(0.25, 0.45), size * random.uniform(0.4, 1.1)
    rim, wall = size / 2, 0.03 * size
    coat = skin(random)
    thing.lathe([(0, 0), (foot, 0), (rim, high), (rim - wall, high), (foot - wall, wall), (0, wall)], ORIGIN, coat)
    filled = foot + 0.8 * (rim - foot) - wall
    thing.lathe([(filled, 0.8 * high), (0, 0.8 * high)], ORIGIN, skin(random, worn=False))
    if random.random() < 0.6:
        ring = [(rim + 0.25 * size * sin(t), 0, high * (0.55 + 0.3 * cos(t))) for t in (0, 0.6, 1.2, 1.8, 2.4, pi)]
        thing.tube(ring, 0.035 * size, coat)
    return thing


def chair(name, random, *, size):
    thing, coat, other = Thing(name), skin(random), skin(random)
    seat, wide = size * random.uniform(0.55, 0.7), 0.62 * size
    for x in (-0.42, 0.42):
        for y in (-0.42, 0.42):
            high = seat if y < 0 else seat + 0.75 * size
            thing.box((0.06 * size, 0.06 * size, high), (x * wide, y * wide, 0), coat)
    thing.box((wide, wide, 0.06 * size), (0, 0, seat), other, bevel=0.012)
    for k in range(random.randint(1, 3)):
        thing.box((wide, 0.035 * size, 0.12 * size), (0, 0.42 * wide, seat + size * (0.25 + 0.2 * k)), other)
    return thing


def bush(name, random, *, size):
    """A potted plant."""
    thing, high = Thing(name), 0.35 * size
    thing.lathe(
        [(0, 0), (0.2 * size, 0), (0.26 * size, high), (0.23 * size, high), (0, 0.9 * high)], ORIGIN, skin(random)
    )
    tone = random.uniform(0.6, 1.4)
    green = paint(f"bush {random.random()}", (0.08 * tone, 0.2 * tone, 0.05), rough=0.5, grime=0.1)
    points, faces = [], []
    for _ in range(140):
        spot = [random.gauss(0, 0.17 * size) for _ in "xyz"]
        start = len(points)
        points += [tuple(part + random.uniform(-0.07, 0.07) * size for part in spot) for _ in range(3)]
        faces.append((start, start + 1, start + 2))
    thing.sheet(points, faces, green, (0, 0, high + 0.35 * size))
    return thing


def lantern(name, random, *, size):
    """A lamp that is on in both pictures."""
    thing, high = Thing(name), size * random.uniform(0.8, 1.5)
    coat = skin(random)
    thing.cylinder(0.25 * size, 0.06 * size, ORIGIN, coat)
    thing.cylinder(0.035 * size, high, ORIGIN, coat)
    warm = (1.0, random.uniform(0.6, 0.9), random.uniform(0.3, 0.7))
    shade = [(0.14 * size, high + 0.3 * size), (0.32 * size, high - 0.05 * size)]
    thing.lathe(shade, ORIGIN, glow(f"glow {random.random()}", warm, random.uniform(0.5, 1.5)))
    return thing


def _crate(name, random):
    wide, deep, high = random.uniform(0.5, 0.8), random.uniform(0.4, 0.6), random.uniform(0.35, 0.6)
    return props.crate(name, ORIGIN, (wide, deep, high), mark=random.choice(("", "7C", "31", "A4")))


def _carton(name, random, scale=1.0):
    size = tuple(scale * random.uniform(low, high) for low, high in ((0.35, 0.7), (0.3, 0.5), (0.2, 0.5)))
    return props.carton(name, ORIGIN, size, tone=random.uniform(0.7, 1.3), mark=random.choice(("", "TOP", "24")))


def _book(name, random):
    size = random.uniform(0.12, 0.19), random.uniform(0.17, 0.26), random.uniform(0.015, 0.05)
    return desk.book(name, ORIGIN, size, colour(random))


def _of(build, low, high):
    return lambda name, random: build(name, random, size=random.uniform(low, high))


# name: (how far it reaches from its middle in metres, how it is made)
LARGE = {
    "barrel": (0.32, lambda name, random: props.barrel(f"{name} {random.random()}", ORIGIN, colour(random))),
    "crate": (0.5, _crate),
    "carton": (0.45, _carton),
    "cone": (0.26, lambda name, random: props.cone(name, ORIGIN)),
    "toolbox": (0.32, lambda name, random: props.toolbox(name, ORIGIN)),
    "bin": (0.36, lambda name, random: props.bin_box(name, ORIGIN, colour(random), size=(0.5, 0.5, 0.3))),
    "canister": (0.24, lambda name, random: props.canister(name, ORIGIN, colour(random))),
    "extinguisher": (0.16, lambda name, random: props.extinguisher(name, ORIGIN)),
    "tyre": (0.36, lambda name, random: props.tyre(name, ORIGIN)),
    "wheelie bin": (0.5, lambda name, random: yard.wheelie_bin(ORIGIN, colour(random))),
    "grit box": (0.6, lambda name, random: yard.grit_box(ORIGIN)),
    "vase": (0.3, _of(vase, 0.3, 0.6)),
    "ball": (0.3, _of(ball, 0.25, 0.6)),
    "tower": (0.45, _of(tower, 0.45, 0.8)),
    "bucket": (0.3, _of(bowl, 0.3, 0.5)),
    "chair": (0.4, _of(chair, 0.65, 0.85)),
    "plant": (0.45, _of(bush, 0.6, 1.1)),
    "lantern": (0.3, _of(lantern, 0.5, 0.9)),
}
SMALL = {
    "book": (0.16, _book),
    "mug": (0.08, _of(bowl, 0.07, 0.1)),
    "bowl": (0.12, _of(bowl, 0.14, 0.22)),
    "bottle": (0.05, lambda name, random: desk.bottle(ORIGIN)),
    "cactus": (0.07, lambda name, random: desk.cactus(ORIGIN)),
    "clock": (0.1, lambda name, random: desk.clock(ORIGIN)),
    "vase": (0.08, _of(vase, 0.07, 0.15)),
    "ball": (0.06, _of(ball, 0.06, 0.12)),
    "tower": (0.12, _of(tower, 0.1, 0.2)),
    "carton": (0.13, lambda name, random: _carton(name, random, 0.28)),
    "plant": (0.13, _of(bush, 0.16, 0.3)),
    "lantern": (0.09, _of(lantern, 0.12, 0.22)),
}


def make(name, number, stock):
    """The thing of that name and number, at the origin."""
    return stock[name][1](name, Random(number))
