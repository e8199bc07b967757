"""A goods yard under a clear sky: the sun from the left, from the right, or behind thin cloud."""

from math import cos, pi, sin
from random import Random

from scenes import props
from scenes.materials import brick, concrete, metal, paint, plaster, wood
from scenes.shapes import Thing, waves
from scenes.stage import Change, Stage, View, clear_sky, plain_sky, sun_light

WALL = 7.0


def build():
    ground()
    building()
    fence()
    container((4.6, 6.3, 0), turn=-24)
    stacks()
    trees()
    return Stage(eye=(-0.3, -4.2, 1.95), target=(0.25, 4.0, 1.15), lens=27, views=views(), changes=changes())


def views():
    afternoon = View(afternoon_light, (-0.03, 0.02, 0.02), (0.3, 0.7, -0.5), 1.01, -0.2)
    cloudy = View(cloudy_light, (0.04, -0.03, 0.02), (-0.3, -0.6, 0.4), 1.005, 0.4)
    return {"before": View(morning_light, exposure=-0.2), "after": afternoon, "same": cloudy}


def changes():
    return [
        Change("green wheelie bin", "added", None, wheelie_bin((-1.9, 3.9, 0), (0.04, 0.2, 0.07), turn=14)),
        Change("stack of tyres", "removed", tyres((-0.5, 2.75, 0)), None),
        Change(
            "blue barrel, now a yellow grit box",
            "replaced",
            props.barrel("blue barrel", (2.75, 2.15, 0), (0.02, 0.12, 0.42), turn=70),
            grit_box((2.75, 2.15, 0)),
        ),
        Change("red barrier", "moved", barrier((-1.75, 1.4, 0), turn=12), barrier((1.55, 4.6, 0), turn=-14)),
    ]


def morning_light():
    clear_sky(sun_height=36, sun_turn=-122, strength=0.11)


def afternoon_light():
    clear_sky(sun_height=30, sun_turn=-207, strength=0.11, haze=2.5)


def cloudy_light():
    plain_sky((0.72, 0.82, 1.0), 0.9)
    sun_light((0.5, 0.5, -0.9), power=1.2, colour=(1.0, 0.95, 0.88), softness=22)


def ground():
    thing = Thing("ground")
    asphalt = concrete("asphalt", (0.13, 0.13, 0.13), rough=0.75)
    thing.box((80, 80, 0.2), (0, 20, -0.2), asphalt, bevel=0)
    slab = concrete("slab", (0.36, 0.35, 0.32), joint=1.2, rough=0.7)
    thing.box((9, 1.1, 0.06), (-4.2, WALL - 0.55, 0), slab, bevel=0.01)
    thing.box((1.6, 1.3, 0.005), (0.6, 0.4, 0), concrete("patch", (0.08, 0.08, 0.08), rough=0.65), bevel=0)
    thing.box((0.6, 0.6, 0.012), (0.25, 2.3, 0), metal("cover", (0.22, 0.21, 0.2), rough=0.5, rust=0.8))
    for k in range(4):
        thing.box((0.5, 0.02, 0.006), (0.25, 2.12 + 0.12 * k, 0.011), props.rubber(), bevel=0)
    white = paint("line white", (0.6, 0.6, 0.57), rough=0.7, grime=1.0)
    for x in (-0.9, 1.7, 4.3):
        thing.box((0.1, 4.2, 0.004), (x, 4.0, 0), white, bevel=0, turn=(0, 0, -6))
    thing.letters("LOADING", 0.6, (0.25, 0.9, 0.007), white, turn=(0, 0, -3))
    weeds(thing)


def weeds(thing):
    random = Random(8)
    greens = [paint(f"weed {tone}", (0.1 * tone, 0.17 * tone, 0.04 * tone), rough=0.8) for tone in (0.7, 1.0, 1.3)]
    for _ in range(34):
        x = random.uniform(-6, 6)
        y = WALL - 1.15 + random.uniform(-0.06, 0.05) if x < 0.3 else 8.15 + random.uniform(-0.3, 0.3)
        blades(thing, random, (x, y), random.choice(greens))


def blades(thing, random, spot, skin):
    points, faces = [], []
    for _ in range(40):
        angle, lean, high = random.uniform(0, 2 * pi), random.uniform(0.02, 0.16), random.uniform(0.05, 0.26)
        x, y = spot[0] + random.gauss(0, 0.07), spot[1] + random.gauss(0, 0.05)
        side_x, side_y = -0.006 * sin(angle), 0.006 * cos(angle)
        start = len(points)
        points += [(x - side_x, y - side_y, 0), (x + side_x, y + side_y, 0)]
        points.append((x + lean * cos(angle), y + lean * sin(angle), high))
        faces.append((start, start + 1, start + 2))
    thing.sheet(points, faces, skin)


def building():
    thing = Thing("building", (-4.2, WALL, 0))
    thing.box((9, 6, 4.4), (0, 3, 0), brick("old brick", (0.42, 0.2, 0.12), (0.42, 0.39, 0.34), grime=0.9), bevel=0)
    thing.box((9.04, 0.04, 0.55), (0, -0.01, 0), plaster("plinth", (0.34, 0.33, 0.31), grime=1.0), bevel=0)
    coping = concrete("coping", (0.4, 0.39, 0.36), joint=0.9, rough=0.8)
    thing.box((9.3, 6.3, 0.14), (0, 3, 4.4), coping, bevel=0.01)
    thing.box((9.04, 0.05, 0.18), (0, -0.01, 3.5), coping, bevel=0.005)
    roller_door(thing)
    for x in (-1.35, 3.4):
        window(thing, x)
    pipe = paint("downpipe", (0.1, 0.13, 0.14), grime=0.6)
    thing.tube([(2.35, -0.1, 0.1), (2.35, -0.1, 4.4)], 0.05, pipe)
    for z in (0.5, 1.8, 3.1):
        thing.box((0.16, 0.12, 0.04), (2.35, -0.06, z), pipe, bevel=0.004)
    thing.box((0.4, 0.18, 0.55), (-0.35, -0.09, 1.3), paint("meter", (0.45, 0.46, 0.44), grime=0.8), bevel=0.01)
    thing.box((0.9, 0.03, 0.5), (4.0, -0.02, 2.8), paint("plate", (0.7, 0.68, 0.6), grime=0.6), bevel=0.004)
    thing.letters("GATE 4", 0.2, (4.0, -0.04, 2.98), paint("ink", props.BLACK))
    thing.box((0.25, 0.2, 0.16), (1.1, -0.12, 3.2), paint("wall lamp", (0.1, 0.1, 0.1)), bevel=0.03)


def roller_door(thing):
    frame = paint("door frame", (0.12, 0.14, 0.15), grime=0.6, worn=(0.3, 0.25, 0.2))
    points, faces = waves(2.3, 2.75, pitch=0.115, depth=0.025)
    leaf = paint("roller blue", (0.08, 0.2, 0.3), grime=0.9, worn=(0.35, 0.33, 0.3))
    thing.sheet(points, faces, leaf, (1.05, -0.06, 0.06))
    for x in (-0.16, 2.26):
        thing.box((0.14, 0.14, 2.9), (x, -0.05, 0.0), frame)
    thing.box((2.56, 0.16, 0.22), (1.05, -0.06, 2.8), frame)
    thing.box((2.3, 0.06, 0.09), (1.05, -0.08, 0.06), props.rubber())
    thing.letters("2", 0.7, (1.5, -0.062, 1.5), paint("door mark", (0.7, 0.7, 0.65), grime=0.8))


def window(thing, x):
    frame = paint("window green", (0.1, 0.2, 0.16), grime=0.7)
    dark = paint("dark pane", (0.03, 0.04, 0.045), rough=0.14, grime=0.6, bump=0.02)
    thing.box((1.1, 0.02, 1.3), (x, -0.012, 1.3), dark, bevel=0)
    for k in range(4):
        thing.box((0.045, 0.06, 1.3), (x - 0.54 + 0.36 * k, -0.03, 1.3), frame, bevel=0.004)
        thing.box((1.1, 0.06, 0.045), (x, -0.035, 1.3 + 0.42 * k), frame, bevel=0.004)
    thing.box((1.3, 0.16, 0.08), (x, -0.07, 1.2), concrete("sill", (0.4, 0.39, 0.36), rough=0.8))
    thing.box((1.3, 0.04, 0.2), (x, -0.01, 2.62), concrete("lintel", (0.36, 0.35, 0.32), rough=0.8))


def fence():
    """Planks between concrete posts, right of the building."""
    thing = Thing("fence", (0, 8.3, 0))
    random = Random(12)
    kinds = [
        wood(f"plank {k}", (0.3 + 0.05 * k, 0.24, 0.17), (0.17, 0.13, 0.09), along="z", grime=0.9) for k in range(3)
    ]
    for k in range(66):
        height = 1.9 + random.uniform(-0.03, 0.03)
        spot = (0.3 + 0.135 * k, random.uniform(-0.006, 0.006), 0.06)
        thing.box(
            (0.125, 0.022, height), spot, random.choice(kinds), bevel=0.003, turn=(0, random.uniform(-0.5, 0.5), 0)
        )
    for k in range(5):
        thing.box(
            (0.14, 0.14, 2.15), (0.4 + 2.2 * k, 0.05, 0), concrete("post", (0.4, 0.39, 0.37), rough=0.8), bevel=0.015
        )


def container(at, *, turn):
    thing = Thing("container", at, turn)
    coat = paint("container coat", (0.42, 0.12, 0.06), rough=0.5, grime=0.9, worn=(0.2, 0.09, 0.05))
    length, depth, height = 3.0, 2.4, 2.55
    points, faces = waves(length, height - 0.3, pitch=0.26, depth=0.045)
    thing.sheet(points, faces, coat, (0, -depth / 2 + 0.02, 0.18))
    thing.box((length, depth - 0.14, height - 0.1), (0, 0.03, 0.08), coat, bevel=0)
    for z, tall in ((0.05, 0.15), (height - 0.14, 0.14)):
        thing.box((length, 0.1, tall), (0, -depth / 2 + 0.02, z), coat)
        thing.box((0.1, depth, tall), (-length / 2, 0, z), coat)
    for x in (-length / 2, length / 2):
        thing.box((0.16, 0.14, height), (x, -depth / 2 + 0.03, 0.03), coat, bevel=0.012)
    for y in (-0.75, -0.3, 0.3, 0.75):
        thing.tube([(-length / 2 - 0.05, y, 0.25), (-length / 2 - 0.05, y, height - 0.2)], 0.022, props.steel())
        thing.box((0.04, 0.2, 0.05), (-length / 2 - 0.06, y, 1.0), props.steel())
    thing.letters("NORD 4471", 0.3, (0.35, -depth / 2 + 0.012, 1.95), paint("stencil", (0.72, 0.7, 0.64), grime=0.9))


def wheelie_bin(at, colour, *, turn=0.0):
    thing = Thing("wheelie bin", at, turn)
    skin = paint(f"wheelie {colour}", colour, rough=0.45, grime=0.5)
    low, high, tall = 0.22, 0.29, 0.92
    points = [
        (x * s, y * s * 1.15, z)
        for s, z in ((low, 0.06), (high, tall))
        for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))
    ]
    thing.sheet(points, [(0, 3, 2, 1), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)], skin)
    thing.box((0.62, 0.72, 0.06), (0, 0, 0.9), skin, bevel=0.02)
    thing.box((0.58, 0.66, 0.05), (0, -0.02, 0.96), skin, bevel=0.025)
    thing.tube([(-0.25, 0.4, 0.95), (0.25, 0.4, 0.95)], 0.018, skin)
    for x in (-0.26, 0.26):
        thing.cylinder(0.11, 0.05, (x - 0.025, 0.24, 0.11), props.rubber(), turn=(0, 90, 0))
    thing.box((0.2, 0.004, 0.13), (0, -0.306, 0.62), paint("label", props.WHITE), bevel=0, turn=(-5, 0, 0))
    return thing


def tyres(at):
    thing = Thing("tyres", at)
    for k, (x, y) in enumerate(((0, 0), (0.03, -0.02), (-0.02, 0.03), (0.02, 0.0))):
        layer = props.tyre("tyre", (at[0] + x, at[1] + y, 0.205 * k), turn=20 * k)
        thing.parts += layer.parts
    return thing


def grit_box(at):
    thing = Thing("grit box", at, -16)
    yellow = paint("grit yellow", (0.75, 0.48, 0.02), rough=0.45, grime=0.5)
    thing.box((0.9, 0.6, 0.55), (0, 0, 0.03), yellow, bevel=0.04)
    thing.box((0.98, 0.68, 0.12), (0, 0.0, 0.56), yellow, bevel=0.05, turn=(4, 0, 0))
    thing.letters("GRIT", 0.24, (0, -0.302, 0.22), paint("ink", props.BLACK))
    return thing


def barrier(at, *, turn=0.0):
    """A plank barrier with red and white bands."""
    thing = Thing("barrier", at, turn)
    red, white = paint("barrier red", (0.62, 0.03, 0.02), grime=0.5), paint("barrier white", props.WHITE, grime=0.6)
    for z in (0.42, 0.76):
        for k in range(6):
            thing.box((0.248, 0.03, 0.17), (-0.625 + 0.25 * k, 0, z), red if k % 2 else white, bevel=0.004)
    for x in (-0.6, 0.6):
        thing.box((0.05, 0.05, 1.0), (x, 0.04, 0), props.steel(), bevel=0.006)
        thing.box((0.12, 0.6, 0.05), (x, 0.03, 0), props.rubber(), bevel=0.012)
    return thing


def stacks():
    for z in range(6):
        props.pallet("pallet", (-3.95, 5.5, 0.144 * z), turn=8 - 3 * z % 7)
    props.pallet("pallet", (-4.0, 3.55, 0), turn=72)
    props.crate("old crate", (-4.05, 3.5, 0.144), (0.75, 0.6, 0.55), turn=68, mark="31")
    props.barrel("rust barrel", (-3.1, 2.55, 0), (0.32, 0.11, 0.05), turn=10)
    props.barrel("grey barrel", (-3.6, 2.2, 0), (0.25, 0.26, 0.26), turn=50)
    props.cone("cone", (0.25, 6.4, 0), turn=10)
    props.cone("cone", (-3.15, 6.2, 0.06), turn=40)
    props.pallet("pallet", (4.15, 3.0, 0), turn=14)
    for k in range(5):
        bricks(Thing("bricks", (4.15, 3.0, 0.144 + 0.068 * k), 14), k)
    timber = Thing("timber", (2.1, 7.75, 0), 3)
    for k in range(14):
        timber.box(
            (3.4 - 0.07 * (k % 3), 0.14, 0.05), (0, -0.3 + 0.155 * (k % 5), 0.08 + 0.055 * (k // 5)), props.deal("x")
        )
    props.ladder("ladder", (-1.35, 6.45, 0.06), tilt=(-9, -1), height=3.4)


def bricks(thing, level):
    clay = paint("loose brick", (0.42, 0.17, 0.1), rough=0.85, grime=0.7, bump=0.4)
    for row in range(5):
        for column in range(4):
            spot = (-0.36 + 0.235 * column + 0.01 * (level % 2), -0.25 + 0.115 * row, 0)
            thing.box((0.22, 0.105, 0.065), spot, clay, bevel=0.004)


def trees():
    """Crowns of loose leaves behind the fence, and a far roof."""
    random = Random(2)
    for x, y, z, size in (
        (2.2, 13, 3.4, 1.9),
        (5.2, 14, 3.0, 2.2),
        (8.6, 13, 3.6, 2.3),
        (12, 16, 3.2, 2.6),
        (-11, 15, 5, 3),
    ):
        thing = Thing("tree", (x, y, 0))
        thing.cylinder(0.16, z, (0, 0, 0), wood("bark", (0.2, 0.15, 0.1), (0.1, 0.07, 0.05), along="z"))
        tone = random.uniform(0.75, 1.25)
        green = paint(f"crown {x}", (0.075 * tone, 0.13 * tone, 0.035), rough=0.7)
        thing.sheet(*crown(random, size), green, (0, 0, z))


def crown(random, size):
    points, faces = [], []
    clumps = [[random.gauss(0, 0.42) * size for _ in "xyz"] for _ in range(26)]
    for middle in clumps:
        for _ in range(260):
            spot = [part + random.gauss(0, 0.14) * size for part in middle]
            start = len(points)
            points += [tuple(part + random.uniform(-0.11, 0.11) for part in spot) for _ in range(3)]
            faces.append((start, start + 1, start + 2))
    return points, faces
