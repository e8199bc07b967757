"""Renders pairs of pictures of small random scenes at two times of day, with exact masks, as a dataset.

Needs Blender as a Python module (`pip install bpy==4.5.15`, Python 3.11) in an environment of its own:

    python tools/render_pairs.py --count 300 --seed 1 --out rendered

A room, a yard or a desk with 6 to 14 things, of which up to 4 are added, removed, replaced or moved between the
pictures; in 35 of 100 scenes nothing is. Light differs, and the camera moves a little (`--motion`). The folder holds
before/, after/, gone/ (in before's pixels), new/ (in after's), mask/ (in before's: what is gone, and what is new as it
would be seen from there), boxes/ (places), and, as Kubric writes them, things_before/ and things_after/ (one number a
thing) with facts/. A pair that is there already is not rendered again; several processes may share a folder, each
with a --first and --count of its own.
"""

import argparse
import json
import struct
import tempfile
import time
import zlib
from math import radians
from pathlib import Path
from random import Random

import bpy
import numpy as np
from render_examples import box_of, label_picture, sensor, start_empty
from scenes.random_scene import draw, enter, how_many_changes
from scenes.shapes import aim, nudge
from scenes.simplify_materials import simplify
from scenes.stage import clear_lights

SIDES = ("before", "after")
LEAST_SEEN = 0.0012  # of a picture, that every changed thing must fill where it stands
ATTEMPTS = 20
CONTRAST = 0.6  # how far the tones bend into an S


def main():
    options = parse()
    options.size = f"{options.size}x{options.size}"
    for number in range(options.first, options.first + options.count):
        name = f"{options.seed:04d}_{number:05d}"
        if (options.out / "boxes" / f"{name}.json").exists():
            continue
        started = time.perf_counter()
        kinds = make_pair(name, number, options)
        print(f"{name}: {', '.join(kinds) or 'unchanged'}, {time.perf_counter() - started:.1f} s", flush=True)


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10, help="how many pairs")
    parser.add_argument("--first", type=int, default=0, help="number of the first")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--size", type=int, default=256, help="width and height in pixels")
    parser.add_argument("--samples", type=int, default=8, help="light paths per pixel")
    parser.add_argument("--motion", type=float, default=1.0, help="how far the camera moves; 0 for not at all")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("rendered"))
    return parser.parse_args()


def make_pair(name, number, options):
    """Render a pair, write all of it, and return the kinds of its changes."""
    changes = how_many_changes(Random(f"{options.seed}/{number}"))
    for attempt in range(ATTEMPTS):
        start_quick(options)
        lot = draw(Random(f"{options.seed}/{number}/{attempt}"), changes=changes, motion=options.motion)
        simplify()
        seen = what_is_seen(lot)
        if all_changes_show(lot, seen, changes):
            write_pair(name, number, lot, seen, options)
            return list({actor.change: actor.kind for actor in lot.actors if actor.change}.values())
    raise SystemExit(f"{name}: no scene in {ATTEMPTS} shows all of its changes")


def start_quick(options):
    """An empty scene, to be rendered in seconds: few bounces, and a denoiser that takes a quarter of its usual time."""
    start_empty(options)
    scene = bpy.context.scene
    scene.render.use_persistent_data = True
    scene.cycles.max_bounces, scene.cycles.diffuse_bounces = 3, 2
    scene.cycles.denoising_prefilter, scene.cycles.denoising_quality = "FAST", "BALANCED"


def what_is_seen(lot):
    """One number a pixel, by (camera, state): the thing seen there, counted from 1; 0 for none."""
    for number, actor in enumerate(lot.actors, start=1):
        actor.thing.mark(number)
    seen = {}
    for camera in SIDES:
        for state in SIDES:
            set_view(lot, camera, state, lit=False)
            seen[camera, state] = label_picture()
    return seen


def set_view(lot, camera, state, *, lit=True):
    """Look from the one picture's camera, by its light, at things as they stand in one of the pictures."""
    view, eye = lot.views[camera], bpy.context.scene.camera
    clear_lights()
    if lit:
        view.switch()
    eye.data.lens = lot.place.lens
    aim(eye, lot.place.eye, lot.place.target)
    nudge(eye, shift=view.shift, angles=view.angles, zoom=view.zoom)
    for actor in lot.actors:
        enter(actor, state, lot.place.ground)


def all_changes_show(lot, seen, changes):
    """Whether all changes found room, and every changed thing shows where it stands, from both cameras."""
    if len({actor.change for actor in lot.actors} - {0}) != changes:
        return False
    for number, actor in enumerate(lot.actors, start=1):
        for state in SIDES:
            if actor.change and getattr(actor, state):
                own, other = (np.mean(seen[camera, state] == number) for camera in (state, opposite(state)))
                if own < LEAST_SEEN or other < LEAST_SEEN / 2:
                    return False
    return True


def opposite(side):
    return SIDES[1 - SIDES.index(side)]


def write_pair(name, number, lot, seen, options):
    """The pictures and everything that is known of them; the boxes last, for they tell that all is there."""
    for index, side in enumerate(SIDES):
        set_view(lot, side, side)
        bpy.context.scene.cycles.seed = index
        shot = sensor(
            develop(light_picture(), lot.views[side].meter), np.random.default_rng([options.seed, number, index])
        )
        write_png(options.out / side / f"{name}.png", np.rint(shot * 255).astype(np.uint8))
        write_png(options.out / f"things_{side}" / f"{name}.png", seen[side, side].astype(np.uint8))
    changed = [index for index, actor in enumerate(lot.actors, start=1) if actor.change]
    masks = {
        "gone": np.isin(seen["before", "before"], changed),
        "new": np.isin(seen["after", "after"], changed),
        "mask": np.isin(seen["before", "before"], changed) | np.isin(seen["before", "after"], changed),
    }
    for folder, mask in masks.items():
        write_png(options.out / folder / f"{name}.png", np.where(mask, 255, 0).astype(np.uint8))
    write_json(options.out / "facts" / f"{name}.json", facts(lot, seen))
    write_json(options.out / "boxes" / f"{name}.json", places(lot, seen))


def light_picture():
    """The light that falls onto each pixel, (H, W, 3), the top row first."""
    # Blender's own film (AgX) takes two seconds a picture, as long as the rendering; nothing else needs its settings.
    kept = bpy.context.scene.render.image_settings.file_format
    bpy.context.scene.render.image_settings.file_format = "OPEN_EXR"
    with tempfile.TemporaryDirectory() as folder:
        bpy.context.scene.render.filepath = str(Path(folder) / "render.exr")
        bpy.ops.render.render(write_still=True)
        image = bpy.data.images.load(bpy.context.scene.render.filepath)
        width, height = image.size
        pixels = np.empty(width * height * 4, np.float32)
        image.pixels.foreach_get(pixels)
        bpy.data.images.remove(image)
    bpy.context.scene.render.image_settings.file_format = kept
    return pixels.reshape(height, width, 4)[::-1, :, :3]


def develop(light, meter):
    """What a film makes of light, in [0, 1]: exposed so that its grey mean becomes `meter`, soft where it is bright."""
    grey = float(np.exp(np.log(light.mean(axis=2) + 1e-3).mean()))
    exposed = 1 - np.exp(-light * (-np.log(1 - meter) / grey))
    shot = np.where(exposed <= 0.0031308, 12.92 * exposed, 1.055 * np.maximum(exposed, 1e-9) ** (1 / 2.4) - 0.055)
    return shot + CONTRAST * (shot * shot * (3 - 2 * shot) - shot)


def places(lot, seen):
    """A box in each picture for every changed place; a thing that moved left one place and stands at another."""
    rows, after = [], []
    for change in sorted({actor.change for actor in lot.actors if actor.change}):
        numbered = [(n, actor) for n, actor in enumerate(lot.actors, start=1) if actor.change == change]
        kind = numbered[0][1].kind
        stands = [(n, state) for n, actor in numbered for state in SIDES if getattr(actor, state)]
        if kind == "replaced":
            (old, _), (new, _) = stands
            rows.append([*box_of(seen["before", "before"] == old), kind])
            after.append(box_of(seen["after", "after"] == new))
            continue
        for number, state in stands:
            rows.append([*box_of(seen["before", state] == number), kind])
            after.append(box_of(seen["after", state] == number))
    return {"form": "places", "changed": bool(rows), "boxes": rows, "boxes_after": after}


def facts(lot, seen):
    """What Kubric's metadata tells: cameras, light, and every thing with its poses, boxes and visible pixels."""
    return {
        "place": lot.place.name,
        "views": {side: camera_facts(lot, side) | {"light": lot.views[side].hour} for side in SIDES},
        "things": [thing_facts(number, actor, seen) for number, actor in enumerate(lot.actors, start=1)],
    }


def camera_facts(lot, side):
    set_view(lot, side, side, lit=False)
    camera = bpy.context.scene.camera
    bpy.context.view_layer.update()
    place, turn, _ = camera.matrix_world.decompose()
    return {
        "position": list(place),
        "quaternion": list(turn),
        "focal_length": camera.data.lens,
        "sensor_width": camera.data.sensor_width,
    }


def thing_facts(number, actor, seen):
    known = {"number": number, "category": actor.name, "change": actor.change, "kind": actor.kind}
    for side in SIDES:
        pose, mask = getattr(actor, side), seen[side, side] == number
        known[side] = pose and {
            "position": list(pose[:2]),
            "turn": radians(pose[2]),
            "box": box_of(mask),
            "visible_pixels": int(mask.sum()),
        }
    return known


def write_json(path, said):
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_text(json.dumps(said) + "\n", encoding="ascii")
    part.replace(path)


def write_png(path, pixels):
    """A grey or colour PNG file of (H, W) or (H, W, 3) uint8."""
    height, width = pixels.shape[:2]
    rows = np.zeros((height, pixels[0].size + 1), np.uint8)
    rows[:, 1:] = pixels.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2 if pixels.ndim == 3 else 0, 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 6)), (b"IEND", b"")
    data = b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))
        for kind, body in chunks
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + data)


if __name__ == "__main__":
    main()
