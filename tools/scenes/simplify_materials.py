"""Makes surfaces cheap for small pictures, by what these hardly show."""

import bpy

_DETAIL = 2.0  # octaves of noise; more are finer than a pixel


def simplify():
    """Take dirt in corners, worn edges, bumps and fine grain out of every material, and a dimension out of noise."""
    for material in bpy.data.materials:
        if material.use_nodes:
            for node in list(material.node_tree.nodes):
                _SIMPLER.get(node.type, _leave)(material.node_tree, node)


def _without(tree, node):
    tree.nodes.remove(node)  # what asked it takes its own default: open ground, a plain surface


def _no_worn_edges(tree, node):
    ends = [link.to_socket for link in node.outputs[0].links]
    plain = tree.nodes.new("ShaderNodeNewGeometry").outputs["Normal"]
    tree.nodes.remove(node)
    for end in ends:
        tree.links.new(plain, end)


def _coarse(tree, node):
    node.noise_dimensions = "3D"
    socket = node.inputs["Detail"]
    socket.default_value = min(socket.default_value, _DETAIL)


def _leave(tree, node):
    """Nothing to be saved."""


_SIMPLER = {"AMBIENT_OCCLUSION": _without, "BEVEL": _no_worn_edges, "BUMP": _without, "TEX_NOISE": _coarse}
