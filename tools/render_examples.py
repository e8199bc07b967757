"""Renders the example pictures and writes down the truth about them.

Needs Blender as a Python module (`pip install bpy==4.5.15`, Python 3.11) in an environment of its own:

    python tools/render_examples.py --scene hall

Each scene gives three pictures: `before`, `after` (other light, nudged camera, some things changed) and `same`
(other light, nudged camera, nothing changed). The boxes in `truth/SCENE.json` are those of the pixels in which a
changed thing is really seen, so a thing that is half hidden has a box of its visible half.
"""

import argparse
import json
import tempfile
from importlib import import_module
from pathlib import Path

import bpy
import numpy as np
from scenes.shapes import aim, nudge
from scenes.stage import clear_lights

SCENES = ("hall", "desk", "yard")
JPEG_QUALITY = 88


def main():
    options = parse()
    for name in [options.scene] if options.scene else SCENES:
        start_empty(options)
        stage = import_module(f"scenes.{name}").build()
        views = options.views.split(",") if options.views else list(stage.views)
        for view in views:
            set_view(stage, view)
            take(options.out / f"{name}_{view}.jpg", seed=list(stage.views).index(view))
            print(f"{name}_{view}.jpg")
        write_truth(stage, options.out / "truth" / f"{name}.json")


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scene", choices=SCENES, help="only this scene")
    parser.add_argument("--views", help="only these pictures, as in before,after")
    parser.add_argument("--samples", type=int, default=40, help="light paths per pixel")
    parser.add_argument("--size", default="960x640", help="WIDTHxHEIGHT in pixels")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("examples"))
    return parser.parse_args()


def start_empty(options):
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.render.resolution_x, scene.render.resolution_y = (int(side) for side in options.size.split("x"))
    scene.render.threads_mode, scene.render.threads = "FIXED", options.threads
    scene.render.dither_intensity = 0.0
    scene.cycles.samples, scene.cycles.use_denoising, scene.cycles.denoiser = options.samples, True, "OPENIMAGEDENOISE"
    scene.cycles.use_adaptive_sampling, scene.cycles.adaptive_threshold = True, 0.03
    scene.cycles.max_bounces, scene.cycles.diffuse_bounces, scene.cycles.glossy_bounces = 6, 3, 2
    scene.cycles.sample_clamp_indirect, scene.cycles.caustics_reflective = 6.0, False
    scene.view_settings.view_transform, scene.view_settings.look = "AgX", "AgX - Medium High Contrast"
    scene.camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.collection.objects.link(scene.camera)


def set_view(stage, name):
    """Bring light, camera and the changed things into the state of one picture."""
    view, camera = stage.views[name], bpy.context.scene.camera
    clear_lights()
    view.light()
    bpy.context.scene.view_settings.exposure = view.exposure
    camera.data.lens = stage.lens
    aim(camera, stage.eye, stage.target)
    nudge(camera, shift=view.shift, angles=view.angles, zoom=view.zoom)
    for change in stage.changes:
        for thing in (change.before, change.after):
            if thing:
                thing.show(visible=thing is (change.after if name == "after" else change.before))


def take(path, *, seed):
    """Render, add what a lens and a sensor add, and write a JPEG."""
    bpy.context.scene.cycles.seed = seed
    picture = render()
    shot = sensor(picture, np.random.default_rng(seed))
    image = bpy.data.images.new("shot", shot.shape[1], shot.shape[0])
    image.pixels.foreach_set(shot.ravel())
    image.file_format = "JPEG"
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(filepath=str(path.resolve()), quality=JPEG_QUALITY)


def render():
    """The scene as RGBA values in [0, 1], bottom row first as Blender keeps them."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "render.png"
        bpy.context.scene.render.filepath = str(target)
        bpy.ops.render.render(write_still=True)
        image = bpy.data.images.load(str(target))
        width, height = image.size
        pixels = np.empty(width * height * 4, np.float32)
        image.pixels.foreach_get(pixels)
        bpy.data.images.remove(image)
    return pixels.reshape(height, width, 4)


def sensor(picture, random):
    """Darker corners and grain that grows in the shadows."""
    height, width = picture.shape[:2]
    rows, columns = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    shot = picture.copy()
    shot[..., :3] *= (1 - 0.07 * (rows**2 + columns**2))[..., None]
    shot[..., :3] += random.normal(0, 0.006, (height, width, 3)) * (1.2 - shot[..., :3])
    return shot.clip(0, 1).astype(np.float32)


def write_truth(stage, path):
    objects = []
    boxes = {name: visible_boxes(stage, name) for name in ("before", "after")}
    for change in stage.changes:
        record = {"name": change.name, "kind": change.kind}
        for side in ("before", "after"):
            if getattr(change, side):
                record[f"box_{side}"] = boxes[side][change.name]
        objects.append(record)
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = ",\n".join("    " + json.dumps(record) for record in objects)
    path.write_text(f'{{\n  "objects": [\n{rows}\n  ]\n}}\n', encoding="utf-8")


def visible_boxes(stage, name):
    """The half-open box of the visible pixels of every changed thing in one picture."""
    set_view(stage, name)
    for index, change in enumerate(stage.changes, start=1):
        for thing in (change.before, change.after):
            if thing:
                thing.mark(index)
    labels = label_picture()
    return {change.name: box_of(labels == index) for index, change in enumerate(stage.changes, start=1)}


def label_picture():
    """One number per pixel: which marked thing is seen there, 0 for none."""
    scene = bpy.context.scene
    kept = scene.cycles.samples, scene.view_settings.view_transform, scene.view_settings.look
    scene.cycles.samples, scene.cycles.use_denoising, scene.cycles.pixel_filter_type = 1, False, "BOX"
    scene.cycles.filter_width, scene.view_settings.exposure = 0.01, 0.0
    scene.view_settings.view_transform, scene.view_settings.look = "Raw", "None"
    scene.view_layers[0].material_override = index_material()
    scene.render.film_transparent = True
    pixels = render()[::-1]
    scene.view_layers[0].material_override = None
    scene.render.film_transparent, scene.cycles.use_denoising = False, True
    scene.cycles.pixel_filter_type, scene.cycles.filter_width = "BLACKMAN_HARRIS", 1.5
    scene.cycles.samples, scene.view_settings.view_transform, scene.view_settings.look = kept
    return np.rint(pixels[..., 0] * 255).astype(int)


def index_material():
    """A surface that shines with the number of its object and nothing else."""
    material = bpy.data.materials.new("index")
    material.use_nodes = True
    tree = material.node_tree
    number = tree.nodes.new("ShaderNodeObjectInfo").outputs["Object Index"]
    scaled = tree.nodes.new("ShaderNodeMath")
    scaled.operation, scaled.inputs[1].default_value = "DIVIDE", 255.0
    shine = tree.nodes.new("ShaderNodeEmission")
    tree.links.new(number, scaled.inputs[0])
    tree.links.new(scaled.outputs[0], shine.inputs[0])
    tree.links.new(shine.outputs[0], tree.nodes["Material Output"].inputs[0])
    return material


def box_of(mask):
    if not mask.any():
        return None
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return [int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1]


if __name__ == "__main__":
    main()
