"""What a scene hands to the renderer: a camera, two lights, a nudged view per picture and the changed things."""

from collections.abc import Callable
from dataclasses import dataclass, field

import bpy

from scenes.shapes import Thing, aim


@dataclass(frozen=True)
class Change:
    """One changed thing; `before` or `after` is None where that picture lacks it."""

    name: str
    kind: str
    before: Thing | None
    after: Thing | None


@dataclass(frozen=True)
class View:
    """How one picture is taken: which light, and how the camera was nudged since the first picture."""

    light: Callable[[], None]
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0)
    angles: tuple[float, float, float] = (0.0, 0.0, 0.0)
    zoom: float = 1.0
    exposure: float = 0.0


@dataclass(frozen=True)
class Stage:
    """A built scene."""

    eye: tuple[float, float, float]
    target: tuple[float, float, float]
    lens: float
    views: dict[str, View]
    changes: list[Change] = field(default_factory=list)


def area_light(place, target, *, size, power, colour):
    data = bpy.data.lights.new("area", "AREA")
    data.shape, data.size, data.size_y, data.energy, data.color = "RECTANGLE", *size, power, colour
    _lamp(data, place, target)


def sun_light(direction, *, power, colour, softness=1.0):
    data = bpy.data.lights.new("sun", "SUN")
    data.energy, data.color, data.angle = power, colour, softness * 0.01745
    _lamp(data, (0, 0, 0), direction)


def spot_light(place, target, *, power, colour, cone=1.6):
    data = bpy.data.lights.new("spot", "SPOT")
    data.energy, data.color, data.spot_size, data.spot_blend, data.shadow_soft_size = power, colour, cone, 0.7, 0.12
    _lamp(data, place, target)


def _lamp(data, place, target):
    lamp = bpy.data.objects.new("lamp", data)
    lamp.visible_camera = False
    bpy.context.scene.collection.objects.link(lamp)
    aim(lamp, place, target)


def plain_sky(colour, strength):
    """Even light from everywhere outside."""
    tree = _world()
    back = tree.nodes["Background"]
    back.inputs[0].default_value, back.inputs[1].default_value = (*colour, 1.0), strength


def clear_sky(*, sun_height, sun_turn, strength, sun_size=0.6, haze=1.0):
    """A physical sky with its sun; angles in degrees."""
    tree = _world()
    sky = tree.nodes.new("ShaderNodeTexSky")
    sky.sky_type, sky.dust_density, sky.sun_size = "NISHITA", haze, sun_size * 0.01745
    sky.sun_elevation, sky.sun_rotation = sun_height * 0.01745, sun_turn * 0.01745
    back = tree.nodes["Background"]
    tree.links.new(sky.outputs[0], back.inputs[0])
    back.inputs[1].default_value = strength


def _world():
    world = bpy.data.worlds.new("sky")
    world.use_nodes = True
    bpy.context.scene.world = world
    return world.node_tree


def clear_lights():
    for lamp in [item for item in bpy.context.scene.objects if item.type == "LIGHT"]:
        bpy.data.objects.remove(lamp)
