"""Bevelled boxes, turned bodies, tubes and letters: the parts that things are made of, all in metres."""

from math import cos, pi, radians, sin

import bpy
from mathutils import Euler, Vector


class Thing:
    """A named group of parts with a place and a turn (degrees about the vertical) of its own."""

    def __init__(self, name, at=(0.0, 0.0, 0.0), turn=0.0, tilt=(0.0, 0.0)):
        self.name = name
        self.anchor = bpy.data.objects.new(name, None)
        self.anchor.location = at
        self.anchor.rotation_euler = (radians(tilt[0]), radians(tilt[1]), radians(turn))
        bpy.context.scene.collection.objects.link(self.anchor)
        self.parts = []

    def add(self, data, material, at=(0, 0, 0), turn=(0, 0, 0)):
        """Take a mesh or curve in as a part."""
        part = bpy.data.objects.new(self.name, data)
        part.location, part.rotation_euler = at, [radians(angle) for angle in turn]
        data.materials.append(material)
        bpy.context.scene.collection.objects.link(part)
        part.parent = self.anchor
        self.parts.append(part)
        return part

    def box(self, size, at, material, *, bevel=0.008, turn=(0, 0, 0)):
        """A box whose `at` is the middle of its underside."""
        part = self.add(_box(size), material, at, turn)
        if bevel:
            _bevel(part, min(bevel, 0.45 * min(size)))
        return part

    def lathe(self, profile, at, material, *, turn=(0, 0, 0), steps=48):
        """A body turned about z from (radius, height) points."""
        return self.add(_lathe(profile, steps), material, at, turn)

    def cylinder(self, radius, height, at, material, *, turn=(0, 0, 0), soft=0.006):
        """A cylinder with soft rims whose `at` is the middle of its underside."""
        soft = min(soft, 0.4 * radius, 0.4 * height)
        rim = ((radius - soft, 0), (radius, soft), (radius, height - soft), (radius - soft, height))
        return self.lathe(((0, 0), *rim, (0, height)), at, material, turn=turn)

    def tube(self, points, radius, material, *, closed=False):
        """A round bar through the points."""
        curve = bpy.data.curves.new(self.name, "CURVE")
        curve.dimensions, curve.bevel_depth, curve.bevel_resolution, curve.use_fill_caps = "3D", radius, 3, True
        line = curve.splines.new("POLY")
        line.points.add(len(points) - 1)
        line.use_cyclic_u = closed
        for knot, point in zip(line.points, points, strict=True):
            knot.co = (*point, 1.0)
        return self.add(curve, material)

    def letters(self, text, size, at, material, *, turn=(90, 0, 0)):
        """Flat centred letters that face -y unless turned."""
        curve = bpy.data.curves.new(self.name, "FONT")
        curve.body, curve.size, curve.extrude, curve.align_x = text, size, 0.0008, "CENTER"
        return self.add(curve, material, at, turn)

    def sheet(self, points, faces, material, at=(0, 0, 0)):
        """A mesh from explicit corners."""
        mesh = bpy.data.meshes.new(self.name)
        mesh.from_pydata(points, [], faces)
        return self.add(mesh, material, at)

    def show(self, visible):
        """Let the renderer see the thing or not."""
        for part in self.parts:
            part.hide_render = not visible

    def mark(self, index):
        """Give the thing a number for the label picture."""
        for part in self.parts:
            part.pass_index = index


def _box(size):
    half_x, half_y, height = size[0] / 2, size[1] / 2, size[2]
    corners = [(x, y, z) for z in (0, height) for y in (-half_y, half_y) for x in (-half_x, half_x)]
    mesh = bpy.data.meshes.new("box")
    sides = [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (1, 3, 7, 5), (3, 2, 6, 7), (2, 0, 4, 6)]
    mesh.from_pydata(corners, [], sides)
    return mesh


def _bevel(part, width):
    modifier = part.modifiers.new("bevel", "BEVEL")
    modifier.width, modifier.segments, modifier.harden_normals = width, 2, True
    part.data.shade_smooth()


def _lathe(profile, steps):
    points = [(r * cos(2 * pi * k / steps), r * sin(2 * pi * k / steps), z) for r, z in profile for k in range(steps)]
    faces = []
    for ring in range(len(profile) - 1):
        for step in range(steps):
            low, following = ring * steps + step, ring * steps + (step + 1) % steps
            faces.append((low, following, following + steps, low + steps))
    mesh = bpy.data.meshes.new("lathe")
    mesh.from_pydata(points, [], faces)
    mesh.validate()
    mesh.shade_smooth()
    mesh.set_sharp_from_angle(angle=radians(40))
    return mesh


def waves(length, height, *, pitch=0.2, depth=0.04):
    """Corners and faces of a trapezoid sheet along x, upright, for fences, doors and containers."""
    count = round(length / pitch)
    line = []
    for k in range(count):
        start = -length / 2 + k * pitch
        line += [(start, 0), (start + 0.3 * pitch, 0), (start + 0.5 * pitch, depth), (start + 0.8 * pitch, depth)]
    line.append((length / 2, 0))
    points = [(x, y, z) for z in (0, height) for x, y in line]
    faces = [(k, k + 1, k + 1 + len(line), k + len(line)) for k in range(len(line) - 1)]
    return points, faces


def aim(thing, place, target):
    """Put an object at `place` and let its -z axis look at `target`."""
    thing.location = place
    thing.rotation_euler = (Vector(target) - Vector(place)).to_track_quat("-Z", "Y").to_euler()


def nudge(camera, *, shift, angles, zoom):
    """Move a camera by metres in the scene, degrees about its own axes, and a zoom factor."""
    camera.location = Vector(camera.location) + Vector(shift)
    swing = Euler([radians(angle) for angle in angles]).to_matrix()
    camera.rotation_euler = (camera.rotation_euler.to_matrix() @ swing).to_euler()
    camera.data.lens *= zoom
