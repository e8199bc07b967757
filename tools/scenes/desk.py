"""An office desk seen from the side: sun through a window, lamp light in the evening, or a dull afternoon."""

from math import cos, pi, sin
from random import Random

from scenes import props
from scenes.materials import brick, glow, metal, paint, plaster, wood
from scenes.shapes import Thing
from scenes.stage import Change, Stage, View, area_light, plain_sky, spot_light, sun_light

TOP = 0.75
INK = (0.03, 0.03, 0.035)


def build():
    room()
    desk()
    wall_board((-0.62, 0.86, 1.2))
    wall_shelf((0.62, 0.74, 1.34))
    screen((-0.1, 0.2, TOP))
    keyboard((-0.12, -0.13, TOP))
    lamp((-0.72, 0.26, TOP))
    plant((0.68, 0.22, TOP))
    small_things()
    return Stage(eye=(0.62, -1.3, 1.62), target=(-0.03, 0.22, 0.9), lens=30, views=views(), changes=changes())


def views():
    evening = View(evening_light, (0.014, -0.01, 0.008), (-0.3, 0.7, 0.5), 1.01, 0.5)
    dull = View(dull_light, (-0.012, 0.008, 0.006), (0.3, -0.6, -0.4), 1.006, 0.4)
    return {"before": View(morning_light, exposure=0.4), "after": evening, "same": dull}


def changes():
    return [
        Change("green bottle", "added", None, bottle((0.215, 0.03, TOP))),
        Change("white mug", "removed", mug((-0.5, -0.19, TOP)), None),
        Change("cactus, now a clock", "replaced", cactus((0.36, 0.24, TOP)), clock((0.36, 0.24, TOP))),
        Change(
            "red notebook",
            "moved",
            book("red notebook", (0.5, -0.22, TOP), (0.16, 0.22, 0.022), (0.5, 0.02, 0.03), turn=24),
            book("red notebook", (-0.68, -0.05, TOP), (0.16, 0.22, 0.022), (0.5, 0.02, 0.03), turn=-32),
        ),
    ]


def morning_light():
    plain_sky((0.55, 0.7, 1.0), 0.6)
    sun_light((1.0, 0.42, -0.62), power=9.0, colour=(1.0, 0.85, 0.66), softness=2.0)
    area_light((-1.9, -0.3, 1.6), (0.3, 0.2, 0.8), size=(1.4, 1.2), power=32, colour=(0.84, 0.92, 1.0))
    area_light((0.5, -1.6, 2.4), (0, 0, 0.8), size=(2.5, 1.5), power=14, colour=(1.0, 0.97, 0.94))


def evening_light():
    plain_sky((0.2, 0.3, 0.6), 0.08)
    spot_light((-0.47, 0.1, 1.2), (-0.3, -0.02, TOP), power=10, colour=(1.0, 0.76, 0.48), cone=2.4)
    area_light((0.7, -0.9, 2.5), (0.1, 0.2, 0.7), size=(1.0, 0.5), power=42, colour=(1.0, 0.82, 0.6))


def dull_light():
    plain_sky((0.75, 0.85, 1.0), 0.7)
    area_light((-1.9, -0.3, 1.6), (0.3, 0.2, 0.8), size=(1.4, 1.2), power=26, colour=(0.8, 0.89, 1.0))
    area_light((1.0, -0.2, 2.5), (0.2, 0.2, 0.7), size=(0.3, 1.4), power=26, colour=(1.0, 0.95, 0.88))


def room():
    shell = Thing("room")
    wall = plaster("office wall", (0.58, 0.6, 0.56), dirt_to=0.3, grime=0.35)
    floor = wood("parquet", (0.36, 0.22, 0.12), (0.22, 0.12, 0.06), along="x", rough=0.4)
    for k in range(36):
        shell.box((5, 0.118, 0.02), (0.2, -3.0 + 0.12 * k, -0.02), floor, bevel=0.002)
    shell.box((6, 0.1, 2.7), (0, 0.93, 0), wall, bevel=0)
    shell.box((0.1, 6, 2.7), (2.2, -1.5, 0), wall, bevel=0)
    shell.box((6, 0.1, 2.7), (0, -3.2, 0), wall, bevel=0)
    shell.box((6, 6, 0.1), (0, -1.5, 2.7), wall, bevel=0)
    side = brick("office brick", (0.6, 0.58, 0.54), (0.5, 0.49, 0.46), grime=0.3)
    shell.box((0.12, 5, 0.95), (-2.1, -2.05, 0), side, bevel=0)
    shell.box((0.12, 5, 0.5), (-2.1, -2.05, 2.2), side, bevel=0)
    shell.box((0.12, 0.5, 2.7), (-2.1, 0.7, 0), side, bevel=0)
    shell.box((0.12, 2.2, 2.7), (-2.1, -2.2, 0), side, bevel=0)
    frame = paint("window frame", (0.6, 0.6, 0.58))
    for y in (-1.1, -0.35, 0.42):
        shell.box((0.06, 0.06, 1.3), (-2.1, y, 0.95), frame)
    shell.box((6, 0.012, 0.09), (0, 0.874, 0), frame, bevel=0.003)
    shell.box((0.08, 0.012, 0.08), (0.98, 0.877, 1.05), frame, bevel=0.004)


def desk():
    thing = Thing("desk")
    top = wood("desk top", (0.5, 0.33, 0.18), (0.33, 0.19, 0.09), along="x", rough=0.38, grime=0.3, scale=0.8)
    leg = paint("desk leg", (0.05, 0.055, 0.06), rough=0.4, grime=0.3)
    for k in range(4):
        thing.box((1.8, 0.2, 0.03), (0, -0.3 + 0.2005 * k, TOP - 0.03), top, bevel=0.003)
    for x in (-0.82, 0.82):
        for y in (-0.34, 0.34):
            thing.box((0.05, 0.05, TOP - 0.03), (x, y, 0), leg)
    thing.box((1.6, 0.03, 0.07), (0, 0.34, TOP - 0.1), leg)
    thing.box((0.42, 0.6, 0.55), (0.55, 0.02, 0.12), paint("drawers", (0.55, 0.55, 0.53), grime=0.4), bevel=0.006)
    for z in (0.15, 0.33, 0.5):
        thing.box((0.39, 0.015, 0.155), (0.55, -0.287, z), paint("drawer front", (0.62, 0.62, 0.6)), bevel=0.004)
        thing.box((0.14, 0.02, 0.014), (0.55, -0.3, z + 0.12), props.steel(), bevel=0.003)


def book(name, at, size, colour, *, turn=0.0):
    """A closed book that lies flat: covers, spine and a block of paper."""
    thing = Thing(name, at, turn)
    cover = paint(f"cover {colour}", colour, rough=0.45, grime=0.35, bump=0.15)
    width, depth, height = size
    for z in (0, height - 0.003):
        thing.box((width, depth, 0.003), (0, 0, z), cover, bevel=0.001)
    thing.box((0.004, depth, height), (-width / 2 + 0.001, 0, 0), cover, bevel=0.0015)
    thing.box((width - 0.008, depth - 0.008, height - 0.006), (0, 0, 0.003), paper(), bevel=0)
    thing.box((width * 0.6, depth * 0.16, 0.0006), (0, depth * 0.2, height), paper(), bevel=0)
    return thing


def paper():
    return paint("paper", (0.72, 0.7, 0.64), rough=0.8, grime=0.15)


def mug(at):
    thing = Thing("mug", at, -35)
    white = paint("mug white", (0.75, 0.74, 0.7), rough=0.2, grime=0.15, bump=0.02)
    cup = [(0, 0), (0.036, 0), (0.04, 0.006), (0.041, 0.095), (0.0385, 0.097), (0.037, 0.08)]
    thing.lathe(cup, (0, 0, 0), white)
    thing.lathe([(0.0375, 0.082), (0, 0.082)], (0, 0, 0), paint("coffee", (0.06, 0.025, 0.01), rough=0.15, grime=0))
    ring = [(0.039 + 0.028 * sin(t), 0, 0.05 + 0.03 * cos(t)) for t in (0.0, 0.6, 1.2, 1.8, 2.4, pi)]
    thing.tube(ring, 0.0055, white)
    thing.lathe([(0.0412, 0.03), (0.0414, 0.062)], (0, 0, 0), paint("mug band", (0.05, 0.16, 0.3), rough=0.2))
    return thing


def bottle(at):
    thing = Thing("bottle", at)
    skin = paint("bottle green", (0.03, 0.22, 0.1), rough=0.25, grime=0.1, metallic=0.4, bump=0.03)
    thing.lathe([(0, 0), (0.034, 0), (0.037, 0.005), (0.037, 0.17), (0.03, 0.195), (0.019, 0.205)], (0, 0, 0), skin)
    thing.cylinder(0.021, 0.035, (0, 0, 0.205), props.steel(), soft=0.004)
    thing.letters("TRAIL", 0.028, (0, -0.0376, 0.1), paper())
    return thing


def cactus(at):
    thing = Thing("cactus", at)
    clay = paint("clay", (0.5, 0.2, 0.1), rough=0.8, grime=0.4)
    thing.lathe([(0, 0), (0.04, 0), (0.052, 0.07), (0.057, 0.07), (0.057, 0.088), (0.05, 0.088)], (0, 0, 0), clay)
    thing.lathe([(0.05, 0.08), (0, 0.082)], (0, 0, 0), paint("soil", (0.07, 0.045, 0.03), rough=0.9, bump=0.8))
    green = paint("cactus green", (0.09, 0.25, 0.08), rough=0.6, bump=0.6)
    thing.lathe([(0.03, 0.08), (0.038, 0.11), (0.038, 0.16), (0.028, 0.19), (0, 0.2)], (0, 0, 0), green, steps=14)
    thing.lathe(
        [(0.015, 0.0), (0.02, 0.02), (0.017, 0.05), (0, 0.06)], (0.037, 0, 0.14), green, turn=(0, 30, 0), steps=10
    )
    return thing


def clock(at):
    thing = Thing("clock", at, 24)
    brass = metal("brass", (0.75, 0.5, 0.2), rough=0.25, rust=0.1)
    face = paint("clock face", (0.75, 0.73, 0.66), rough=0.4, grime=0.1)
    thing.cylinder(0.08, 0.05, (0, 0.025, 0.095), brass, turn=(90, 0, 0))
    thing.lathe([(0, 0), (0.07, 0)], (0, -0.0265, 0.095), face, turn=(90, 0, 0))
    for hour in range(12):
        angle = 2 * pi * hour / 12
        spot = (0.06 * sin(angle), -0.028, 0.095 + 0.06 * cos(angle))
        thing.box((0.004, 0.002, 0.012), spot, props.rubber(), bevel=0, turn=(0, hour * 30, 0))
    thing.box((0.005, 0.002, 0.05), (0, -0.029, 0.095), props.rubber(), bevel=0, turn=(0, 60, 0))
    thing.box((0.006, 0.002, 0.035), (0, -0.029, 0.095), props.rubber(), bevel=0, turn=(0, -50, 0))
    for x in (-0.045, 0.045):
        thing.box((0.016, 0.04, 0.04), (x, 0, 0), brass, bevel=0.004)
        thing.lathe([(0.024, 0), (0.02, 0.014), (0, 0.022)], (x, 0, 0.165), brass)
    return thing


def screen(at):
    thing = Thing("screen", at, 6)
    black = paint("plastic black", INK, rough=0.4, grime=0.25)
    thing.box((0.24, 0.16, 0.012), (0, 0.02, 0), black)
    thing.box((0.06, 0.03, 0.18), (0, 0.05, 0.01), black)
    thing.box((0.6, 0.03, 0.36), (0, 0.02, 0.12), black, bevel=0.006)
    thing.box((0.57, 0.002, 0.325), (0, 0.0045, 0.14), glow("screen back", (0.05, 0.09, 0.13), 1.0), bevel=0)
    pane(thing, (-0.2, 0.16), (0.15, 0.28), (0.12, 0.14, 0.16), 9, seed=1)
    pane(thing, (0.09, 0.16), (0.36, 0.28), (0.7, 0.72, 0.72), 12, seed=2)


def pane(thing, corner, size, colour, rows, *, seed):
    """A window on the screen with lines of text."""
    random = Random(seed)
    x, z = corner
    thing.box((size[0], 0.001, size[1]), (x, 0.003, z), glow(f"pane {seed}", colour, 0.9), bevel=0)
    for row in range(rows):
        length = random.uniform(0.3, 0.85) * size[0]
        tone = random.choice(((0.05, 0.05, 0.06), (0.06, 0.2, 0.4), (0.4, 0.12, 0.05)))
        left = x - 0.45 * size[0] + length / 2
        spot = (left, 0.002, z + size[1] * (0.94 - 0.9 * (row + 0.5) / rows))
        thing.box((length, 0.001, 0.008), spot, glow(f"text {tone}", tone, 0.8), bevel=0)


def keyboard(at):
    mat = Thing("mat", (at[0] + 0.08, at[1], at[2]), 2)
    mat.box((0.74, 0.3, 0.003), (0, 0, 0), paint("felt", (0.1, 0.12, 0.14), rough=0.95, grime=0.5, bump=0.5))
    thing = Thing("keyboard", (at[0], at[1], at[2] + 0.003), 4)
    thing.box((0.4, 0.14, 0.014), (0, 0, 0), paint("keyboard", (0.3, 0.3, 0.31), rough=0.4), bevel=0.005)
    cap, other = paint("key", (0.55, 0.55, 0.53), grime=0.4), paint("key grey", (0.2, 0.21, 0.22), grime=0.3)
    for row in range(5):
        for column in range(19):
            edge = column in (0, 13, 14) or row == 4
            spot = (-0.182 + 0.0202 * column, 0.048 - 0.024 * row, 0.013)
            thing.box((0.0175, 0.02, 0.008), spot, other if edge else cap, bevel=0.002)
    mouse = Thing("mouse", (at[0] + 0.33, at[1] - 0.02, at[2] + 0.003), -12)
    mouse.box((0.058, 0.1, 0.032), (0, 0, 0), paint("plastic black", INK, rough=0.35), bevel=0.014)
    mouse.box((0.008, 0.02, 0.006), (0, 0.025, 0.03), paint("key grey", INK), bevel=0.003)


def lamp(at):
    """An arm lamp whose head hangs over the desk."""
    thing = Thing("lamp", at)
    coat = paint("lamp coat", (0.05, 0.15, 0.18), rough=0.3, grime=0.2)
    thing.cylinder(0.085, 0.022, (0, 0, 0), coat)
    thing.tube([(0, 0, 0.02), (-0.1, 0.06, 0.36)], 0.008, props.steel())
    thing.tube([(-0.1, 0.06, 0.36), (0.22, -0.14, 0.56)], 0.008, props.steel())
    thing.cylinder(0.018, 0.04, (-0.1, 0.08, 0.36), coat, turn=(90, 0, 0))
    shade = [(0.02, 0.1), (0.035, 0.09), (0.085, 0), (0.082, 0), (0.03, 0.085)]
    thing.lathe(shade, (0.25, -0.16, 0.45), coat, turn=(12, -20, 0))
    thing.tube([(-0.02, 0.06, 0.01), (-0.06, 0.3, 0.004), (0.1, 0.5, 0.004), (0.1, 0.59, -0.3)], 0.003, props.rubber())


def plant(at):
    thing = Thing("plant", at)
    pot = paint("pot", (0.5, 0.5, 0.47), rough=0.5, grime=0.4, bump=0.2)
    thing.lathe([(0, 0), (0.07, 0), (0.09, 0.14), (0.083, 0.14), (0.08, 0.12)], (0, 0, 0), pot)
    thing.lathe([(0.081, 0.12), (0, 0.125)], (0, 0, 0), paint("soil", (0.07, 0.045, 0.03), rough=0.9, bump=0.8))
    random = Random(5)
    for k in range(22):
        tone = random.uniform(0.7, 1.3)
        green = paint(f"leaf {tone:.1f}", (0.06 * tone, 0.19 * tone, 0.05 * tone), rough=0.4, grime=0.3)
        leaf(thing, random.uniform(0.2, 0.36), random.uniform(0.4, 1.25), 2.4 * k + random.random(), green)


def leaf(thing, length, rise, heading, skin):
    """A narrow leaf that rises from the soil and bends over."""
    points, faces, steps = [], [], 8
    for k in range(steps + 1):
        t = k / steps
        out, height = length * t * cos(rise) * (1 + 0.3 * t), length * (t * sin(rise) * 1.3 - 0.55 * t * t)
        half = 0.02 * sin(pi * min(0.98, 0.12 + 0.88 * t)) + 0.001
        for side in (-half, 0, half):
            x, y = out * cos(heading) - side * sin(heading), out * sin(heading) + side * cos(heading)
            points.append((x, y, 0.12 + height + 0.35 * abs(side)))
    for k in range(steps):
        for side in (0, 1):
            first = 3 * k + side
            faces.append((first, first + 1, first + 4, first + 3))
    thing.sheet(points, faces, skin).data.shade_smooth()


def small_things():
    random = Random(3)
    for k, colour in enumerate(((0.08, 0.12, 0.25), (0.5, 0.42, 0.3), (0.12, 0.2, 0.16))):
        book("stack", (-0.44, 0.28, TOP + 0.036 * k), (0.17, 0.24, 0.034), colour, turn=random.uniform(-14, 8))
    cup = Thing("pen cup", (0.5, 0.06, TOP))
    cup.lathe([(0, 0), (0.036, 0), (0.036, 0.1), (0.033, 0.1), (0.033, 0.01), (0, 0.01)], (0, 0, 0), props.steel())
    for _ in range(7):
        colour = random.choice(((0.5, 0.3, 0.03), (0.02, 0.05, 0.3), INK, (0.4, 0.03, 0.02)))
        lean = random.uniform(-0.02, 0.02)
        tip = (1.8 * lean, random.uniform(-0.03, 0.03), random.uniform(0.14, 0.17))
        cup.tube([(-lean, 0, 0.012), tip], 0.0038, paint(f"pen {colour}", colour, rough=0.3, grime=0.1))
    sheets((0.14, -0.3, TOP), random)
    phone = Thing("phone", (0.72, -0.1, TOP), 15)
    phone.box((0.072, 0.15, 0.009), (0, 0, 0), paint("phone", INK, rough=0.15, grime=0.2), bevel=0.004)


def sheets(at, random):
    """Loose printed pages."""
    for k in range(3):
        page = Thing("page", (at[0] + 0.01 * k, at[1], at[2] + 0.0008 * k), -8 + 9 * k)
        page.box((0.21, 0.15, 0.0006), (0, 0, 0), paper(), bevel=0)
    for row in range(8):
        length = random.uniform(0.08, 0.17)
        page.box((length, 0.004, 0.0003), (length / 2 - 0.09, 0.06 - 0.016 * row, 0.0006), props.rubber(), bevel=0)


def wall_board(at):
    """A cork board with pinned pages."""
    thing = Thing("board", at)
    thing.box((0.9, 0.012, 0.6), (0, 0, 0), paint("cork", (0.4, 0.24, 0.12), rough=0.95, grime=0.9, bump=0.9), bevel=0)
    rim = wood("rim", (0.45, 0.3, 0.16), (0.3, 0.18, 0.09), along="x")
    for z in (-0.02, 0.59):
        thing.box((0.94, 0.025, 0.03), (0, -0.004, z), rim)
    for x in (-0.455, 0.455):
        thing.box((0.03, 0.025, 0.6), (x, -0.004, 0), rim)
    random = Random(9)
    tones = (
        (0.72, 0.7, 0.64),
        (0.7, 0.58, 0.12),
        (0.72, 0.7, 0.64),
        (0.25, 0.45, 0.55),
        (0.6, 0.3, 0.3),
        (0.4, 0.55, 0.25),
    )
    for k in range(11):
        x, z = -0.34 + 0.17 * (k % 5), 0.07 + 0.19 * (k // 5)
        pinned(thing, random, (x + random.uniform(-0.02, 0.02), z), random.choice(tones))


def pinned(thing, random, spot, tone):
    x, z = spot
    wide, high = random.uniform(0.09, 0.13), random.uniform(0.11, 0.16)
    tilt = random.uniform(-5, 5)
    thing.box(
        (wide, 0.001, high),
        (x, -0.009, z),
        paint(f"note {tone}", tone, rough=0.8, grime=0.2),
        bevel=0,
        turn=(0, tilt, 0),
    )
    for row in range(random.randint(3, 6)):
        length = random.uniform(0.4, 0.8) * wide
        place = (x - 0.42 * wide + length / 2, -0.0105, z + high * (0.75 - 0.12 * row))
        thing.box((length, 0.001, 0.005), place, paint("ink", props.BLACK), bevel=0, turn=(0, tilt, 0))
    pin = paint(f"pin {tone}", random.choice(((0.6, 0.02, 0.02), (0.02, 0.1, 0.5))), rough=0.2)
    thing.lathe([(0.007, 0), (0.008, 0.008), (0, 0.012)], (x, -0.009, z + high - 0.012), pin, turn=(90, 0, 0))


def wall_shelf(at):
    thing = Thing("wall shelf", at)
    thing.box((1.0, 0.22, 0.025), (0, 0, 0), wood("shelf wood", (0.45, 0.3, 0.16), (0.3, 0.18, 0.09), along="x"))
    for x in (-0.4, 0.4):
        thing.box((0.025, 0.18, 0.025), (x, 0.02, -0.025), props.steel(), bevel=0.003)
    random, x = Random(21), -0.47
    tones = (
        (0.3, 0.05, 0.05),
        (0.07, 0.15, 0.3),
        (0.5, 0.43, 0.3),
        (0.08, 0.2, 0.12),
        (0.15, 0.14, 0.15),
        (0.55, 0.3, 0.06),
    )
    while x < 0.3:
        wide, high, tone = random.uniform(0.018, 0.045), random.uniform(0.18, 0.26), random.choice(tones)
        spot = (x + wide / 2, -0.01, 0.025)
        thing.box((wide - 0.002, 0.15, high), spot, paint(f"spine {tone}", tone, grime=0.4), bevel=0.003)
        thing.box((wide * 0.6, 0.002, high * 0.3), (spot[0], -0.086, 0.05 + high * 0.4), paper(), bevel=0)
        x += wide
    thing.box((0.14, 0.16, 0.12), (0.4, 0, 0.025), paint("card 1.00", (0.42, 0.27, 0.15), rough=0.8), bevel=0.004)
