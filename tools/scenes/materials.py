"""Surfaces made of shader nodes: every one has stains, specks and bumps, so that no two places look alike."""

import bpy

Colour = tuple[float, float, float]


class Recipe:
    """One node material, built step by step in the metric coordinates of its object."""

    def __init__(self, name: str):
        self.material = bpy.data.materials.new(name)
        self.material.use_nodes = True
        self.tree = self.material.node_tree
        self.shader = self.tree.nodes["Principled BSDF"]
        self.where = self.add("TexCoord").outputs["Object"]
        random = self.add("ObjectInfo").outputs["Random"]
        self.seed = self.math("MULTIPLY", random, 50.0)

    def add(self, kind, inputs=None, **settings):
        """Add a shader node, with sockets and values plugged into its inputs."""
        node = self.tree.nodes.new("ShaderNode" + kind)
        for key, value in settings.items():
            setattr(node, key, value)
        for key, value in (inputs or {}).items():
            self.plug(node.inputs[key], value)
        return node

    def plug(self, socket, value):
        """Link a socket, or set a colour or a number."""
        if isinstance(value, bpy.types.NodeSocket):
            self.tree.links.new(value, socket)
        elif isinstance(value, tuple) and socket.type == "RGBA":
            socket.default_value = (*value, 1.0)
        else:
            socket.default_value = value

    def math(self, operation, first, second=0.0):
        """Socket of an arithmetic node."""
        return self.add("Math", {0: first, 1: second}, operation=operation).outputs[0]

    def stretched(self, stretch):
        """Coordinates scaled per axis: a small factor draws the pattern out."""
        return self.add("Mapping", {"Vector": self.where, "Scale": stretch}).outputs[0]

    def noise(self, scale, *, detail=5.0, stretch=None, distortion=0.0):
        """Noise in [0, 1] that differs from object to object."""
        inputs = {"Scale": scale, "Detail": detail, "Roughness": 0.62, "Distortion": distortion, "W": self.seed}
        inputs["Vector"] = self.stretched(stretch) if stretch else self.where
        return self.add("TexNoise", inputs, noise_dimensions="4D").outputs[0]

    def between(self, value, low, high):
        """Rise from 0 at `low` to 1 at `high`, clamped."""
        return self.add("MapRange", {"Value": value, "From Min": low, "From Max": high}).outputs[0]

    def mix(self, share, first, second, blend="MIX"):
        """Blend two colours."""
        node = self.add("Mix", data_type="RGBA", blend_type=blend)
        for index, value in ((0, share), (6, first), (7, second)):
            self.plug(node.inputs[index], value)
        return node.outputs[2]

    def darken(self, colour, share, amount):
        """Multiply the colour towards a dirty brown where `share` is high."""
        return self.mix(self.math("MULTIPLY", share, amount), colour, (0.22, 0.19, 0.16), "MULTIPLY")

    def corners(self, distance=0.25):
        """One in corners and below things, where dirt gathers."""
        shade = self.add("AmbientOcclusion", {"Distance": distance}, samples=1).outputs["AO"]
        return self.between(shade, 0.95, 0.45)

    def edges(self, radius=0.008):
        """One along outer edges, where paint wears off first, broken up by noise."""
        soft = self.add("Bevel", {"Radius": radius}, samples=2).outputs[0]
        hard = self.add("NewGeometry").outputs["Normal"]
        likeness = self.add("VectorMath", {0: soft, 1: hard}, operation="DOT_PRODUCT").outputs["Value"]
        chipped = self.between(self.noise(30), 0.45, 0.6)
        return self.math("MULTIPLY", self.between(likeness, 0.995, 0.93), chipped)

    def finish(self, colour, *, rough=0.6, height=None, bump=0.2, depth=0.005, metallic=0.0):
        """Plug everything in and return the material."""
        self.plug(self.shader.inputs["Base Color"], colour)
        spread = self.between(self.noise(6), 0.2, 0.8)
        self.plug(self.shader.inputs["Roughness"], self.math("ADD", rough - 0.12, self.math("MULTIPLY", spread, 0.24)))
        self.plug(self.shader.inputs["Metallic"], metallic)
        if height is not None:
            inputs = {"Height": height, "Strength": bump, "Distance": depth}
            self.plug(self.shader.inputs["Normal"], self.add("Bump", inputs).outputs[0])
        return self.material


def shade(colour: Colour, factor: float) -> Colour:
    return tuple(min(1.0, channel * factor) for channel in colour)


def known(name):
    return bpy.data.materials.get(name)


def paint(name, colour, *, rough=0.45, grime=0.5, worn=None, metallic=0.0, bump=0.08):
    """A painted, printed or moulded surface with patches, specks, dirty corners and, with `worn`, chipped edges."""
    if known(name):
        return known(name)
    recipe = Recipe(name)
    patches = recipe.between(recipe.noise(2.2), 0.38, 0.72)
    specks = recipe.between(recipe.noise(45, detail=3), 0.56, 0.72)
    tone = recipe.mix(recipe.noise(9), shade(colour, 0.82), shade(colour, 1.12))
    tone = recipe.darken(tone, patches, 0.45 * grime)
    tone = recipe.darken(tone, specks, 0.6 * grime)
    tone = recipe.darken(tone, recipe.corners(), 0.9 * grime)
    if worn:
        tone = recipe.mix(recipe.edges(), tone, worn)
    return recipe.finish(tone, rough=rough, height=recipe.noise(70), bump=bump, metallic=metallic)


def wood(name, light, dark, *, along="x", rough=0.6, grime=0.4, scale=1.0):
    """Sawn wood: fibres along one axis, growth bands and a few dark spots."""
    if known(name):
        return known(name)
    recipe = Recipe(name)
    long_axis = "xyz".index(along)
    stretch = tuple(0.06 if axis == long_axis else 1.0 for axis in range(3))
    bands = recipe.between(recipe.noise(14 * scale, distortion=1.2, stretch=stretch), 0.35, 0.65)
    fibres = recipe.noise(120 * scale, detail=3, stretch=stretch)
    tone = recipe.mix(bands, dark, light)
    tone = recipe.mix(recipe.math("MULTIPLY", fibres, 0.6), tone, shade(dark, 0.6))
    tone = recipe.darken(tone, recipe.between(recipe.noise(3), 0.45, 0.75), 0.6 * grime)
    tone = recipe.darken(tone, recipe.corners(0.15), 0.8 * grime)
    return recipe.finish(tone, rough=rough, height=fibres, bump=0.25)


def plaster(name, colour, *, dirt_to=0.9, rough=0.85, grime=0.5):
    """A painted wall: trowel marks, faint stains, splashes of dirt up to `dirt_to` metres above its origin."""
    if known(name):
        return known(name)
    recipe = Recipe(name)
    height = recipe.add("SeparateXYZ", {0: recipe.where}).outputs[2]
    rising = recipe.math("MULTIPLY", recipe.between(height, dirt_to, 0.0), recipe.between(recipe.noise(3), 0.3, 0.65))
    streaks = recipe.between(recipe.noise(4, stretch=(1, 1, 0.12)), 0.52, 0.75)
    tone = recipe.mix(recipe.noise(1.4), shade(colour, 0.8), shade(colour, 1.08))
    tone = recipe.darken(tone, streaks, 0.5 * grime)
    tone = recipe.darken(tone, rising, 0.8 * grime)
    tone = recipe.darken(tone, recipe.between(recipe.noise(35), 0.6, 0.72), 0.4 * grime)
    return recipe.finish(tone, rough=rough, height=recipe.noise(18, detail=8), bump=0.3, depth=0.01)


def concrete(name, colour, *, joint=0.0, rough=0.45, stains=0.7):
    """A poured floor with oil stains, specks, scuffs, hairline cracks and joints every `joint` metres (0 for none)."""
    if known(name):
        return known(name)
    recipe = Recipe(name)
    clouds = recipe.noise(0.9, detail=8, distortion=0.6)
    oil = recipe.between(recipe.noise(1.1, detail=4), 0.57, 0.68)
    scuffs = recipe.between(recipe.noise(7, stretch=(1, 0.08, 1), distortion=0.8), 0.58, 0.72)
    grit = recipe.noise(60, detail=3)
    bent = recipe.mix(0.25, recipe.where, recipe.add("TexNoise", {"Scale": 2.0, "Vector": recipe.where}).outputs[1])
    crack = recipe.add("TexVoronoi", {"Vector": bent, "Scale": 0.5}, feature="DISTANCE_TO_EDGE").outputs[0]
    lines = recipe.math("MULTIPLY", recipe.between(crack, 0.003, 0.0), recipe.between(recipe.noise(0.8), 0.46, 0.56))
    blots = recipe.between(recipe.noise(9, detail=6), 0.55, 0.7)
    gap = _joints(recipe, joint) if joint else 0.0
    tone = recipe.mix(recipe.between(clouds, 0.3, 0.7), shade(colour, 0.62), shade(colour, 1.15))
    tone = recipe.mix(recipe.between(grit, 0.56, 0.66), tone, shade(colour, 0.4))
    tone = recipe.mix(recipe.between(grit, 0.36, 0.28), tone, shade(colour, 1.5))
    for share, amount in (
        (oil, 0.75 * stains),
        (scuffs, 0.6 * stains),
        (blots, 0.5 * stains),
        (lines, 0.7),
        (gap, 0.9),
    ):
        tone = recipe.darken(tone, share, amount)
    tone = recipe.darken(tone, recipe.corners(0.4), 0.5)
    return recipe.finish(tone, rough=rough, height=recipe.math("SUBTRACT", grit, gap), bump=0.25)


def _joints(recipe, spacing):
    """One inside the joints of a floor: thin lines every `spacing` metres along x and y."""
    parts = recipe.add("SeparateXYZ", {0: recipe.where}).outputs
    lines = []
    for part in (parts[0], parts[1]):
        phase = recipe.math("PINGPONG", part, spacing / 2)
        lines.append(recipe.between(phase, 0.012, 0.004))
    return recipe.math("MAXIMUM", *lines)


def brick(name, colour, mortar, *, scale=1.0, grime=0.6):
    """Bricks laid on a wall that runs along x, each with its own tone."""
    if known(name):
        return known(name)
    recipe = Recipe(name)
    parts = recipe.add("SeparateXYZ", {0: recipe.where}).outputs
    flat = recipe.add("CombineXYZ", {0: recipe.math("ADD", parts[0], parts[1]), 1: parts[2]}).outputs[0]
    inputs = {"Vector": flat, "Color1": shade(colour, 0.6), "Color2": shade(colour, 1.2), "Mortar": mortar}
    inputs |= {"Scale": scale, "Mortar Size": 0.007, "Brick Width": 0.25, "Row Height": 0.083, "Mortar Smooth": 0.3}
    laid = recipe.add("TexBrick", inputs)
    tone = recipe.darken(laid.outputs[0], recipe.between(recipe.noise(1.2), 0.45, 0.75), 0.6 * grime)
    tone = recipe.darken(tone, recipe.between(recipe.noise(4, stretch=(1, 1, 0.1)), 0.55, 0.75), 0.5 * grime)
    tone = recipe.darken(tone, recipe.between(recipe.noise(40), 0.52, 0.7), 0.5 * grime)
    height = recipe.math("SUBTRACT", recipe.math("MULTIPLY", recipe.noise(30), 0.4), laid.outputs[1])
    return recipe.finish(tone, rough=0.85, height=height, bump=0.6, depth=0.008)


def metal(name, colour, *, rough=0.35, rust=0.3):
    """Bare metal with dull patches and some rust."""
    if known(name):
        return known(name)
    recipe = Recipe(name)
    rusty = recipe.math("MULTIPLY", recipe.between(recipe.noise(5, detail=8), 0.55, 0.66), rust)
    tone = recipe.mix(recipe.noise(20), shade(colour, 0.75), colour)
    tone = recipe.mix(rusty, tone, (0.19, 0.075, 0.03))
    tone = recipe.darken(tone, recipe.corners(0.1), 0.5)
    metallic = recipe.math("SUBTRACT", 1.0, rusty)
    return recipe.finish(tone, rough=rough, height=recipe.noise(80), bump=0.08, metallic=metallic)


def glow(name, colour, strength):
    """A surface that gives light of its own, as a lamp or a screen does."""
    if known(name):
        return known(name)
    recipe = Recipe(name)
    recipe.plug(recipe.shader.inputs["Emission Color"], colour)
    recipe.plug(recipe.shader.inputs["Emission Strength"], strength)
    return recipe.finish((0.02, 0.02, 0.02), rough=0.3)


def glass(name, tint=(0.9, 0.95, 0.95), rough=0.02):
    """Thin clear glass."""
    if known(name):
        return known(name)
    recipe = Recipe(name)
    recipe.plug(recipe.shader.inputs["Transmission Weight"], 1.0)
    return recipe.finish(tint, rough=max(0.12, rough))
