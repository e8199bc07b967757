"""Things that stand about in halls and yards: barrels, pallets, boxes, cones, tools."""

from math import cos, pi, sin

from scenes.materials import metal, paint, wood
from scenes.shapes import Thing

BLACK, STEEL, WHITE = (0.025, 0.025, 0.028), (0.5, 0.5, 0.5), (0.75, 0.75, 0.72)


def steel():
    return metal("steel", STEEL)


def rubber():
    return paint("rubber", BLACK, rough=0.75, grime=0.2)


def deal(along):
    """Pale sawn timber whose fibres run along one axis."""
    return wood(f"deal {along}", (0.52, 0.36, 0.2), (0.33, 0.2, 0.1), along=along)


def barrel(name, at, colour, *, turn=0.0):
    thing = Thing(name, at, turn)
    skin = paint(f"{name} skin", colour, rough=0.4, grime=0.7, worn=(0.2, 0.11, 0.07), bump=0.04)
    profile = [(0, 0.03), (0.275, 0.03), (0.28, 0), (0.295, 0), (0.295, 0.03), (0.285, 0.04)]
    for height in (0.3, 0.58):
        profile += [(0.285, height - 0.025), (0.3, height), (0.285, height + 0.025)]
    profile += [(0.285, 0.85), (0.295, 0.86), (0.295, 0.89), (0.28, 0.89), (0.275, 0.865), (0, 0.865)]
    thing.lathe(profile, (0, 0, 0), skin)
    thing.cylinder(0.035, 0.02, (0.17, 0.05, 0.865), steel())
    thing.cylinder(0.02, 0.02, (-0.18, -0.04, 0.865), steel())
    return thing


def pallet(name, at, *, turn=0.0):
    thing = Thing(name, at, turn)
    for y in (-0.35, 0, 0.35):
        thing.box((1.2, 0.1, 0.022), (0, y, 0), deal("x"), bevel=0.003)
        for x in (-0.53, 0, 0.53):
            thing.box((0.14, 0.1, 0.078), (x, y, 0.022), deal("y"), bevel=0.003)
    for x in (-0.53, 0, 0.53):
        thing.box((0.14, 0.8, 0.022), (x, 0, 0.1), deal("y"), bevel=0.003)
    for k in range(7):
        thing.box((1.2, 0.095, 0.022), (0, -0.35 + 0.1167 * k, 0.122), deal("x"), bevel=0.003)
    return thing


def carton(name, at, size, *, turn=0.0, mark="", tone=1.0):
    thing = Thing(name, at, turn)
    brown = tuple(tone * channel for channel in (0.42, 0.27, 0.15))
    thing.box(size, (0, 0, 0), paint(f"card {tone:.2f}", brown, rough=0.8, grime=0.55, bump=0.12), bevel=0.006)
    tape = paint("tape", (0.5, 0.36, 0.2), rough=0.25, grime=0.1)
    width, depth, height = size
    thing.box((width + 0.002, 0.05, height * 0.3), (0, 0, height * 0.701), tape, bevel=0)
    thing.box((0.05, depth + 0.002, 0.003), (0, 0, height - 0.001), tape, bevel=0)
    label = paint("label", WHITE, rough=0.5, grime=0.2)
    thing.box((width * 0.3, 0.002, height * 0.28), (width * 0.24, -depth / 2 - 0.001, height * 0.52), label, bevel=0)
    if mark:
        ink = paint("ink", BLACK, grime=0.1)
        thing.letters(mark, height * 0.24, (-width * 0.15, -depth / 2 - 0.002, height * 0.18), ink)
    return thing


def crate(name, at, size, *, turn=0.0, mark=""):
    """A nailed wooden crate with a frame, diagonal braces and a stencilled mark."""
    thing = Thing(name, at, turn)
    width, depth, height = size
    rows = 5
    step = height / rows
    for k in range(rows):
        thing.box((width, depth, step - 0.008), (0, 0, k * step + 0.004), deal("x"), bevel=0.004)
    for y in (-depth / 2 - 0.01, depth / 2 + 0.01):
        for x in (-width / 2 + 0.04, width / 2 - 0.04):
            thing.box((0.08, 0.022, height), (x, y, 0), deal("z"), bevel=0.004)
        for z in (0, height - 0.08):
            thing.box((width - 0.16, 0.022, 0.08), (0, y, z), deal("x"), bevel=0.004)
    for x in (-width / 2 - 0.01, width / 2 + 0.01):
        for z in (0, height - 0.08):
            thing.box((0.022, depth, 0.08), (x, 0, z), deal("y"), bevel=0.004)
    if mark:
        thing.letters(mark, height * 0.2, (0, -depth / 2 - 0.001, height * 0.42), paint("ink", BLACK, grime=0.1))
    return thing


def cone(name, at, *, turn=0.0):
    thing = Thing(name, at, turn)
    orange = paint("cone orange", (0.85, 0.17, 0.03), rough=0.5, grime=0.5)
    thing.box((0.36, 0.36, 0.03), (0, 0, 0), rubber(), bevel=0.01)
    bands = ((0.03, 0.22, orange), (0.22, 0.34, paint("cone white", WHITE, grime=0.6)), (0.34, 0.44, orange))
    bands += ((0.44, 0.52, paint("cone white", WHITE)), (0.52, 0.66, orange))
    for low, high, skin in bands:
        thing.lathe([(0.135 - 0.16 * low, low), (0.135 - 0.16 * high, high)], (0, 0, 0), skin)
    thing.lathe([(0.03, 0.66), (0.015, 0.66), (0.015, 0.6)], (0, 0, 0), orange)
    return thing


def toolbox(name, at, *, turn=0.0):
    thing = Thing(name, at, turn)
    red = paint("toolbox red", (0.6, 0.03, 0.025), rough=0.3, grime=0.4, worn=(0.3, 0.3, 0.3))
    thing.box((0.52, 0.24, 0.17), (0, 0, 0), red, bevel=0.012)
    thing.box((0.53, 0.25, 0.075), (0, 0, 0.174), red, bevel=0.02)
    thing.tube([(-0.12, 0, 0.24), (-0.12, 0, 0.3), (0.12, 0, 0.3), (0.12, 0, 0.24)], 0.012, rubber())
    for x in (-0.16, 0.16):
        thing.box((0.04, 0.012, 0.07), (x, -0.124, 0.14), steel(), bevel=0.003)
    thing.box((0.16, 0.004, 0.05), (0, -0.122, 0.06), paint("badge", WHITE), bevel=0.001)
    return thing


def bin_box(name, at, colour, *, size=(0.4, 0.5, 0.24), turn=0.0):
    """An open storage bin with a low front."""
    thing = Thing(name, at, turn)
    skin = paint(f"bin {colour}", colour, rough=0.4, grime=0.4)
    width, depth, height = size
    thing.box((width, depth, 0.012), (0, 0, 0), skin, bevel=0.003)
    for x in (-width / 2, width / 2):
        thing.box((0.012, depth, height), (x, 0, 0), skin, bevel=0.003)
    thing.box((width, 0.012, height), (0, depth / 2, 0), skin, bevel=0.003)
    thing.box((width, 0.012, height * 0.6), (0, -depth / 2, 0), skin, bevel=0.003)
    thing.box((width + 0.03, 0.03, 0.02), (0, -depth / 2, height * 0.6), skin, bevel=0.005)
    thing.box(
        (width * 0.4, 0.004, height * 0.22), (0, -depth / 2 - 0.008, height * 0.25), paint("label", WHITE), bevel=0
    )
    thing.box((width - 0.06, depth - 0.06, height * 0.5), (0, 0, 0.012), rubber(), bevel=0.03)
    return thing


def canister(name, at, colour, *, turn=0.0):
    """A jerrycan of about 20 litres."""
    thing = Thing(name, at, turn)
    skin = paint(f"canister {colour}", colour, rough=0.35, grime=0.4)
    thing.box((0.36, 0.2, 0.4), (0, 0, 0), skin, bevel=0.04)
    thing.tube([(-0.1, 0, 0.38), (-0.1, 0, 0.46), (0.07, 0, 0.46), (0.07, 0, 0.38)], 0.016, skin)
    thing.cylinder(0.035, 0.07, (0.135, 0, 0.39), rubber())
    for turn_y in (45, -45):
        thing.box((0.025, 0.01, 0.32), (-0.11 if turn_y > 0 else 0.11, -0.1, 0.07), skin, turn=(0, turn_y, 0))
    return thing


def ladder(name, at, *, turn=0.0, tilt=(-14.0, 0.0), height=3.2):
    thing = Thing(name, at, turn, tilt)
    bare = metal("ladder", (0.65, 0.66, 0.68), rough=0.4, rust=0.05)
    for x in (-0.2, 0.2):
        thing.box((0.03, 0.07, height), (x, 0, 0), bare, bevel=0.006)
        thing.box((0.04, 0.08, 0.06), (x, 0, 0), rubber(), bevel=0.006)
    for k in range(int(height / 0.28)):
        thing.cylinder(0.016, 0.4, (-0.2, 0, 0.25 + 0.28 * k), bare, turn=(0, 90, 0))
    return thing


def extinguisher(name, at, *, turn=0.0):
    thing = Thing(name, at, turn)
    red = paint("extinguisher red", (0.65, 0.02, 0.02), rough=0.25, grime=0.2)
    profile = [(0, 0), (0.085, 0), (0.09, 0.01), (0.09, 0.4), (0.07, 0.46), (0.03, 0.49), (0.03, 0.53), (0, 0.53)]
    thing.lathe(profile, (0, 0, 0), red)
    thing.lathe([(0.0905, 0.16), (0.0905, 0.34)], (0, 0, 0), paint("badge", WHITE))
    thing.box((0.03, 0.14, 0.025), (0, -0.03, 0.54), rubber())
    hose = [(0, 0.03, 0.54), (0.08, 0.05, 0.5), (0.12, 0.03, 0.35), (0.11, 0, 0.15)]
    thing.tube(hose, 0.014, rubber())
    return thing


def tyre(name, at, *, radius=0.33, width=0.2, turn=0.0):
    thing = Thing(name, at, turn)
    half = width / 2
    rim = [(0.58 * radius, 0.1 * width)]
    rim += [(0.8 * radius + 0.2 * radius * cos(a), half + half * sin(a)) for a in (-1.5, -0.9, -0.4, 0, 0.4, 0.9, 1.5)]
    rim += [(0.58 * radius, 0.9 * width), (0.58 * radius, 0.1 * width)]
    thing.lathe(rim, (0, 0, 0), rubber())
    for k in range(36):
        angle = 2 * pi * k / 36
        place = (radius * cos(angle), radius * sin(angle), half * 0.6)
        thing.box((0.012, 0.03, width * 0.5), place, rubber(), bevel=0, turn=(0, 0, angle * 180 / pi))
    return thing
