"""A workshop hall: morning sun through side windows, or lamps under the roof in the evening."""

from random import Random

from scenes import props
from scenes.materials import brick, concrete, metal, paint, plaster, wood
from scenes.shapes import Thing, waves
from scenes.stage import Change, Stage, View, area_light, plain_sky, spot_light, sun_light

BACK = 8.5
LEFT, RIGHT, TOP = -4.4, 4.6, 4.6


def build():
    shell()
    back_wall()
    workbench((-2.95, 7.95, 0))
    shelf((2.6, 8.1, 0))
    storage()
    floor_things()
    return Stage(eye=(0.15, -0.4, 1.72), target=(0.02, 6.0, 1.12), lens=25, views=views(), changes=changes())


def views():
    evening = View(evening_light, (0.015, 0.01, -0.01), (0.35, -0.8, 0.4), 1.012, 0.6)
    night = View(lamp_light, (-0.012, 0.006, 0.01), (-0.3, 0.6, -0.3), 1.006, 0.6)
    return {"before": View(morning_light, exposure=0.5), "after": evening, "same": night}


def changes():
    return [
        Change(
            "wooden crate", "added", None, props.crate("crate", (0.85, 4.1, 0), (0.6, 0.45, 0.42), turn=18, mark="7C")
        ),
        Change("green barrel", "removed", props.barrel("green barrel", (-1.85, 5.0, 0), (0.05, 0.23, 0.09)), None),
        Change(
            "yellow bin, now a blue canister",
            "replaced",
            props.bin_box("yellow bin", (2.05, 8.0, 1.24), (0.75, 0.45, 0.02), size=(0.56, 0.4, 0.34)),
            props.canister("blue canister", (2.08, 8.0, 1.24), (0.03, 0.14, 0.5), turn=8),
        ),
        Change(
            "red toolbox",
            "moved",
            props.toolbox("red toolbox", (-2.55, 7.8, 0.93), turn=6),
            props.toolbox("red toolbox", (2.36, 4.25, 0.144), turn=-14),
        ),
    ]


def morning_light():
    plain_sky((0.55, 0.7, 1.0), 0.5)
    sun_light((1.0, 0.55, -0.62), power=5.0, colour=(1.0, 0.84, 0.64), softness=4.0)
    for y in (-0.5, 2.0, 4.5):
        area_light((LEFT + 0.3, y, 2.6), (2.0, y + 1.5, 0.6), size=(1.9, 1.5), power=110, colour=(0.82, 0.91, 1.0))
    area_light((0, 3.5, TOP - 0.2), (0, 3.5, 0), size=(6, 8), power=70, colour=(1.0, 0.97, 0.93))


def evening_light():
    plain_sky((0.2, 0.3, 0.6), 0.12)
    for x in (-2.2, 1.6):
        for y in (1.2, 4.4):
            area_light((x, y, 4.1), (x, y, 0), size=(0.25, 2.2), power=85, colour=(1.0, 0.83, 0.6))
    spot_light((-2.6, 6.9, 3.3), (-2.8, 8.1, 0.9), power=90, colour=(1.0, 0.72, 0.42))
    area_light((0, 3, TOP - 0.2), (0, 3, 0), size=(6, 8), power=60, colour=(1.0, 0.9, 0.78))


def lamp_light():
    plain_sky((0.2, 0.3, 0.6), 0.12)
    for x, power in ((-2.4, 60), (2.2, 140)):
        for y in (1.0, 5.2):
            area_light((x, y, 4.1), (x, y, 0), size=(2.0, 0.3), power=power, colour=(1.0, 0.93, 0.82))
    area_light((0, 3, TOP - 0.2), (0, 3, 0), size=(6, 8), power=70, colour=(1.0, 0.95, 0.88))


def shell():
    hall = Thing("shell")
    hall.box((16, 24, 0.2), (0, 2, -0.2), concrete("floor", (0.34, 0.335, 0.32), joint=3.1), bevel=0)
    wall = plaster("side wall", (0.62, 0.62, 0.58))
    hall.box((0.2, 24, TOP), (RIGHT + 0.1, 2, 0), wall, bevel=0)
    hall.box((12, 0.2, TOP), (0, -6, 0), wall, bevel=0)
    hall.box((0.25, 24, 1.5), (LEFT - 0.12, 2, 0), wall, bevel=0)
    hall.box((0.25, 24, 1.0), (LEFT - 0.12, 2, 3.6), wall, bevel=0)
    for y in (-4, -1.75, 0.75, 3.25, 5.75, 7.3):
        hall.box((0.25, 0.45 if y < 7 else 2.6, 2.1), (LEFT - 0.12, y, 1.5), wall, bevel=0)
    bar = paint("window bar", (0.12, 0.14, 0.14))
    for z in (2.2, 2.9):
        hall.box((0.04, 12, 0.04), (LEFT - 0.1, 0, z), bar, bevel=0)
    hall.box((12, 24, 0.1), (0, 2, TOP), paint("deck", (0.45, 0.45, 0.43), grime=0.8), bevel=0)
    roof(hall)
    floor_marks(hall)


def roof(hall):
    beam = paint("beam", (0.22, 0.27, 0.28), grime=0.7)
    for y in (3.4, 5.9, 8.3):
        for z, width in ((4.1, 0.18), (4.4, 0.18)):
            hall.box((10, width, 0.02), (0, y, z), beam, bevel=0.003)
        hall.box((10, 0.02, 0.3), (0, y, 4.1), beam, bevel=0)
    for x in (-3, -1.5, 0, 1.5, 3):
        hall.box((0.1, 20, 0.14), (x, 3, 4.45), beam, bevel=0.004)
    duct = metal("duct", (0.6, 0.61, 0.62), rough=0.4, rust=0.1)
    hall.tube([(-3.4, -4, 3.75), (-3.4, BACK, 3.75)], 0.22, duct)
    for y in (3.0, 5.0, 7.0):
        hall.cylinder(0.235, 0.05, (-3.4, y, 3.75), duct, turn=(90, 0, 0))


def floor_marks(hall):
    line = paint("floor yellow", (0.62, 0.42, 0.04), rough=0.5, grime=1.0)
    for x, turn in ((-1.15, 0.3), (1.72, -0.2)):
        hall.box((0.09, 20, 0.002), (x, 0, 0), line, bevel=0, turn=(0, 0, turn))
    hall.box((2.8, 0.09, 0.0025), (0.3, 7.1, 0), line, bevel=0)
    for k in range(6):
        hall.box((0.07, 0.6, 0.0022), (2.2 + 0.32 * k, 2.6, 0), line, bevel=0, turn=(0, 0, -45))
    hall.letters("KEEP CLEAR", 0.55, (0.3, 5.3, 0.004), line, turn=(0, 0, 0))


def back_wall():
    wall = Thing("back wall", (0, BACK, 0))
    wall.box((12, 0.2, TOP), (0, 0.1, 0), brick("brick", (0.4, 0.17, 0.1), (0.36, 0.33, 0.3)), bevel=0)
    wall.box((12, 0.03, 1.25), (0, -0.015, 0), plaster("dado", (0.3, 0.36, 0.35), grime=0.8), bevel=0)
    door(wall)
    signs(wall)
    pipe = paint("pipe", (0.5, 0.5, 0.46), grime=0.7)
    wall.tube([(-1.75, -0.1, 0.1), (-1.75, -0.1, 3.6), (4.4, -0.1, 3.6)], 0.035, pipe)
    wall.tube([(1.12, -0.06, 1.5), (1.12, -0.06, 4.4)], 0.02, metal("conduit", (0.5, 0.5, 0.5)))
    box = paint("cabinet", (0.42, 0.44, 0.43), grime=0.6, worn=(0.2, 0.15, 0.1))
    wall.box((0.42, 0.2, 0.6), (0.86, -0.11, 1.4), box, bevel=0.01)
    wall.box((0.03, 0.03, 0.1), (0.99, -0.22, 1.66), props.rubber(), bevel=0.004)
    wall.box((0.12, 0.004, 0.11), (0.83, -0.213, 1.78), paint("warning", (0.8, 0.55, 0.02)), bevel=0)
    wall.box((0.14, 0.1, 0.14), (1.12, -0.06, 1.2), paint("socket", (0.6, 0.6, 0.58)), bevel=0.01)


def door(wall):
    leaf = paint("door", (0.16, 0.25, 0.3), grime=0.7, worn=(0.3, 0.28, 0.26))
    frame = paint("frame", (0.1, 0.12, 0.13), grime=0.6)
    wall.box((1.05, 0.07, 2.15), (-0.75, -0.035, 0), leaf, bevel=0.004)
    for x in (-1.32, -0.18):
        wall.box((0.09, 0.14, 2.24), (x, -0.05, 0), frame)
    wall.box((1.24, 0.14, 0.09), (-0.75, -0.05, 2.15), frame)
    wall.box((0.9, 0.02, 0.28), (-0.75, -0.075, 0.06), props.steel(), bevel=0.003)
    wall.box((0.035, 0.06, 0.14), (-0.33, -0.1, 0.98), props.steel())
    wall.box((0.36, 0.01, 0.5), (-0.75, -0.075, 1.4), paint("pane", (0.05, 0.07, 0.08), rough=0.15), bevel=0.003)


def signs(wall):
    sheet, green = paint("sheet", (0.75, 0.74, 0.7), grime=0.4), paint("sign green", (0.02, 0.3, 0.13), grime=0.2)
    white, ink = paint("sign white", (0.8, 0.8, 0.78), grime=0.2), paint("ink", props.BLACK, grime=0.1)
    wall.box((0.7, 0.02, 0.26), (-0.75, -0.03, 2.42), green, bevel=0.004)
    wall.letters("EXIT", 0.2, (-0.75, -0.042, 2.48), white)
    wall.box((0.5, 0.01, 0.7), (1.13, -0.1, 2.25), sheet, bevel=0.002)
    wall.letters("SAFETY\nFIRST", 0.12, (1.13, -0.11, 2.77), paint("sign blue", (0.03, 0.1, 0.4)))
    wall.letters("wear boots\nand gloves\nbay 3", 0.065, (1.13, -0.11, 2.5), ink)
    wall.letters("BAY 3", 0.6, (2.9, -0.012, 2.85), paint("stencil", (0.72, 0.7, 0.64), grime=1.0))


def workbench(at):
    bench = Thing("bench", at)
    top = wood("bench top", (0.42, 0.27, 0.14), (0.24, 0.13, 0.06), along="x", grime=0.9)
    frame = paint("bench frame", (0.11, 0.2, 0.16), grime=0.6, worn=(0.25, 0.2, 0.15))
    for k in range(4):
        bench.box((2.1, 0.172, 0.06), (0, -0.27 + 0.178 * k, 0.87), top)
    for x in (-0.95, 0.95):
        for y in (-0.28, 0.28):
            bench.box((0.08, 0.08, 0.87), (x, y, 0), frame)
    bench.box((1.9, 0.55, 0.03), (0, 0, 0.22), top)
    bench.box((0.6, 0.6, 0.5), (-0.6, 0, 0.36), frame, bevel=0.01)
    for z in (0.4, 0.56, 0.72):
        bench.box((0.54, 0.02, 0.13), (-0.6, -0.305, z), paint("drawer", (0.17, 0.28, 0.23), grime=0.6), bevel=0.008)
        bench.box((0.2, 0.03, 0.02), (-0.6, -0.325, z + 0.06), props.steel(), bevel=0.004)
    vise(bench)
    tools_on_board(bench)
    for k, colour in enumerate(((0.3, 0.3, 0.32), (0.5, 0.12, 0.05), (0.1, 0.2, 0.35))):
        bench.cylinder(0.05, 0.13 + 0.02 * k, (-0.75 + 0.13 * k, 0.18, 0.93), paint(f"tin {k}", colour, grime=0.6))
    props.carton("parts", (at[0] + 0.75, at[1] + 0.12, 0.25), (0.4, 0.3, 0.28), mark="M8")
    props.bin_box("scrap", (at[0] + 0.2, at[1] - 0.02, 0.25), (0.12, 0.12, 0.13), size=(0.45, 0.45, 0.3))


def vise(bench):
    iron = paint("vise", (0.06, 0.13, 0.25), grime=0.5, worn=(0.35, 0.35, 0.36))
    bench.box((0.16, 0.2, 0.08), (-0.25, -0.2, 0.93), iron, bevel=0.015)
    bench.box((0.2, 0.1, 0.12), (-0.25, -0.18, 1.0), iron, bevel=0.015)
    bench.box((0.2, 0.06, 0.12), (-0.25, -0.32, 1.0), iron, bevel=0.012)
    bench.tube([(-0.25, -0.2, 1.03), (-0.25, -0.45, 1.03)], 0.018, props.steel())
    bench.tube([(-0.36, -0.44, 1.03), (-0.14, -0.44, 1.03)], 0.009, props.steel())


def tools_on_board(bench):
    bench.box((2.0, 0.03, 1.0), (0, 0.5, 1.3), wood("board", (0.5, 0.38, 0.24), (0.38, 0.26, 0.15), grime=0.6))
    grip = paint("grip", (0.55, 0.16, 0.04), grime=0.5)
    for k in range(6):
        x, length = -0.85 + 0.13 * k, 0.42 - 0.045 * k
        bench.box((0.035, 0.012, length), (x, 0.475, 2.16 - length), props.steel(), bevel=0.005)
        bench.lathe(
            [(0.012, 0), (0.035, 0.02), (0.035, 0.05), (0.014, 0.07)], (x, 0.47, 2.12), props.steel(), turn=(90, 0, 0)
        )
    for k in range(5):
        x = 0.1 + 0.1 * k
        bench.cylinder(0.017, 0.12, (x, 0.46, 2.02), grip if k % 2 else props.rubber())
        bench.cylinder(0.006, 0.18, (x, 0.46, 1.85), props.steel())
    bench.box((0.5, 0.008, 0.13), (-0.5, 0.475, 1.52), props.steel(), bevel=0.003, turn=(0, -6, 0))
    bench.box((0.14, 0.03, 0.15), (-0.2, 0.47, 1.5), deal_dark(), turn=(0, -6, 0))
    for x, length in ((0.2, 0.36), (0.42, 0.4), (0.72, 0.33)):
        bench.box((0.035, 0.03, length), (x, 0.46, 1.38), deal_dark())
        bench.box((0.13, 0.045, 0.05), (x, 0.46, 1.36 + length), props.steel())


def deal_dark():
    return wood("handle", (0.35, 0.2, 0.09), (0.2, 0.1, 0.04), along="z")


def shelf(at):
    """A steel shelf against the back wall, full of bins, tins and cartons."""
    frame = paint("shelf frame", (0.04, 0.13, 0.3), grime=0.6, worn=(0.3, 0.25, 0.22))
    board = paint("shelf board", (0.45, 0.46, 0.46), grime=0.8)
    rack = Thing("shelf", at)
    for x in (-1.25, 0, 1.25):
        for y in (-0.27, 0.27):
            rack.box((0.05, 0.05, 2.55), (x, y, 0), frame, bevel=0.004)
    for z in (0.15, 0.66, 1.2, 1.74, 2.3):
        rack.box((2.55, 0.6, 0.04), (0, 0, z), board, bevel=0.004)
    fill_shelf(at, Random(4))


def fill_shelf(at, random):
    names = ("BOLTS", "GLOVES", "FILTER", "A-12", "SPARES", "B-07", "SEALS")
    for level, z in enumerate((0.19, 0.7, 1.24, 1.78, 2.34)):
        x = -1.13
        while x < 1.0:
            width, height = random.uniform(0.24, 0.46), random.uniform(0.18, 0.4)
            spot = (at[0] + x + width / 2, at[1] + random.uniform(-0.08, 0.02), z)
            if level != 2 or abs(spot[0] - 2.06) > 0.32 + width / 2:
                stock(random, spot, (width, 0.4, height), random.choice(names))
            x += width + random.uniform(0.03, 0.12)


def stock(random, spot, size, mark):
    kind = random.random()
    if kind < 0.55:
        turn, tone = random.uniform(-5, 5), random.choice((0.75, 0.9, 1.0, 1.15))
        props.carton("stock", spot, size, turn=turn, mark=mark, tone=tone)
    elif kind < 0.8:
        colour = random.choice(((0.25, 0.27, 0.28), (0.4, 0.06, 0.04), (0.08, 0.22, 0.12), (0.1, 0.11, 0.12)))
        props.bin_box("stock", spot, colour, size=(size[0], 0.4, 0.22))
    else:
        tin = Thing("stock", spot)
        colour = random.choice(((0.5, 0.5, 0.48), (0.3, 0.1, 0.05), (0.08, 0.14, 0.22)))
        tin.cylinder(0.12, 0.26, (0, 0, 0), paint(f"can {colour}", colour, rough=0.3, grime=0.5), soft=0.01)
        tin.lathe([(0.1212, 0.06), (0.1212, 0.2)], (0, 0, 0), paint("label", props.WHITE))


def storage():
    """Pallets with cartons at the right, a roller door behind them."""
    for z in (0.0, 0.144, 0.288):
        props.pallet("pallet", (3.75, 6.35, z), turn=4 - 20 * z)
    props.pallet("pallet", (2.75, 4.35, 0), turn=-6)
    props.pallet("pallet", (3.75, 4.9, 0), turn=84)
    random = Random(11)
    for x, y, z, size in (
        (3.6, 4.7, 0.144, (0.7, 0.55, 0.5)),
        (3.9, 5.3, 0.144, (0.6, 0.5, 0.6)),
        (3.65, 4.75, 0.646, (0.5, 0.45, 0.38)),
        (3.1, 4.5, 0.144, (0.5, 0.5, 0.36)),
        (3.5, 6.3, 0.432, (0.6, 0.5, 0.45)),
        (4.1, 6.35, 0.432, (0.5, 0.5, 0.35)),
    ):
        tone = random.choice((0.8, 0.95, 1.1))
        props.carton(
            "load",
            (x, y, z),
            size,
            turn=random.uniform(-12, 12),
            mark=random.choice(("UP", "K9", "FRAGILE")),
            tone=tone,
        )
    door_side = Thing("roller", (RIGHT - 0.06, 5.6, 0.0), turn=-90)
    points, faces = waves(3.0, 3.2, pitch=0.16, depth=0.03)
    door_side.sheet(points, faces, paint("roller", (0.4, 0.42, 0.4), grime=0.7))


def floor_things():
    props.barrel("blue barrel", (-2.5, 5.35, 0), (0.03, 0.1, 0.32), turn=40)
    props.barrel("rust barrel", (-2.35, 4.55, 0), (0.3, 0.1, 0.04), turn=100)
    props.barrel("back barrel", (-3.1, 4.95, 0), (0.05, 0.12, 0.3), turn=200)
    props.cone("cone", (1.35, 6.0, 0), turn=20)
    props.cone("cone", (-1.35, 6.7, 0), turn=50)
    props.ladder("ladder", (0.3, 7.75, 0), tilt=(-11, 2), height=3.1)
    props.extinguisher("extinguisher", (1.05, 8.3, 0))
    cart((-0.5, 6.9, 0))


def cart(at):
    thing = Thing("cart", at, 12)
    frame = paint("cart frame", (0.05, 0.2, 0.36), grime=0.6, worn=(0.3, 0.25, 0.2))
    thing.box((1.0, 0.6, 0.05), (0, 0, 0.2), frame)
    thing.box((0.94, 0.54, 0.012), (0, 0, 0.25), wood("ply", (0.42, 0.3, 0.18), (0.32, 0.2, 0.11), grime=0.8))
    thing.tube([(0.48, -0.27, 0.2), (0.52, -0.27, 1.0), (0.52, 0.27, 1.0), (0.48, 0.27, 0.2)], 0.018, frame)
    for x in (-0.38, 0.38):
        for y in (-0.24, 0.24):
            thing.cylinder(0.09, 0.045, (x, y + 0.02, 0.09), props.rubber(), turn=(90, 0, 0))
    props.carton("on cart", (at[0] - 0.15, at[1], 0.262), (0.5, 0.4, 0.3), turn=22, mark="SPARES")
