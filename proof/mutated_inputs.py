"""Mutated pictures, labels, weights and pickles: what the command makes of them, in figures.

    python proof/mutated_inputs.py --pictures 2000 --labels 300 --weights 60 --pickles 500 --seed 0

Every input comes from a seed and its number, so that one that fails can be made again: --only KIND:NUMBER. A process
of its own takes them in turn and is killed when an input takes longer than --patience seconds; its memory is limited.
Counted are tracebacks and faults of ours, hangs, deaths of the process, breaks of the contract (an exit code other than
0 to 3, trouble that is not one line, an answer with a word on standard error, control characters) and the most memory.
Pictures of more than 20 million pixels are refused, since those within the usual limit of 200 million take minutes.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import multiprocessing
import os
import pickle
import re
import resource
import shutil
import struct
import sys
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Callable
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from PIL import Image

_RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_INTERESTING = (0, 1, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)
_WORDS = (
    "NaN",
    "1e400",
    "-1e400",
    "true",
    "null",
    "-1",
    "99999999999999999999",
    '"\\ud800"',
    '""',
    "[]",
    "{}",
    '"../x"',
)
_PLAIN = ("--method", "pixel", "--align", "off", "--light", "off", "--max-pixels", "20")
Paths = dict[str, Path]


def scene(seed: int) -> Image.Image:
    """A small picture with some texture."""
    coarse = np.random.default_rng(seed).integers(40, 210, (5, 6, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((44, 36), Image.Resampling.BICUBIC)


@cache
def whole_pictures() -> dict[str, bytes]:
    """A picture in every format that Pillow writes here."""
    found = {}
    pages = [scene(4), scene(5)]
    for name, mode, form, more in (
        ("rgb.png", "RGB", "PNG", {}),
        ("grey.png", "L", "PNG", {}),
        ("palette.png", "P", "PNG", {}),
        ("rgba.png", "RGBA", "PNG", {}),
        ("base.jpg", "RGB", "JPEG", {}),
        ("progressive.jpg", "RGB", "JPEG", {"progressive": True}),
        ("lossy.webp", "RGB", "WEBP", {}),
        ("lossless.webp", "RGBA", "WEBP", {"lossless": True}),
        ("plain.tif", "RGB", "TIFF", {}),
        ("lzw.tif", "RGB", "TIFF", {"compression": "tiff_lzw"}),
        ("pages.tif", "RGB", "TIFF", {"save_all": True, "append_images": pages}),
        ("pages.gif", "P", "GIF", {"save_all": True, "append_images": [page.convert("P") for page in pages]}),
        ("plain.bmp", "RGB", "BMP", {}),
        ("plain.ppm", "RGB", "PPM", {}),
        ("plain.jp2", "RGB", "JPEG2000", {}),
        ("plain.avif", "RGB", "AVIF", {}),
    ):
        with contextlib.suppress(OSError, KeyError):  # this Pillow does not write it
            file = io.BytesIO()
            scene(1).convert(mode).save(file, form, **more)
            found[name] = file.getvalue()
    return found


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    """Bytes of a file with some changed: bits, numbers, pieces cut out, doubled or put elsewhere."""
    changed = bytearray(data)
    for _ in range(int(rng.integers(1, 3))):
        at = int(rng.integers(0, min(len(changed), int(rng.choice([64, 256, len(changed)])))))
        kind = int(rng.integers(0, 6))
        if kind == 0:
            changed[at] ^= 1 << int(rng.integers(0, 8))
        elif kind == 1:
            number = int(rng.choice(_INTERESTING))
            changed[at : at + 4] = struct.pack(str(rng.choice(["<I", ">I"])), number)
        elif kind == 2:
            del changed[at : at + int(rng.integers(1, 40))]
        elif kind == 3:
            changed[at:at] = changed[at : at + int(rng.integers(1, 40))]
        elif kind == 4:
            del changed[max(at, 1) :]
        else:
            changed[at : at + 2] = struct.pack(str(rng.choice(["<H", ">H"])), int(rng.choice(_INTERESTING)) & 0xFFFF)
        if not changed:
            return data[:1]
    return with_checksums(bytes(changed)) if rng.random() < 0.5 else bytes(changed)


def with_checksums(data: bytes) -> bytes:
    """A PNG whose checksums are right again, so that what was changed is looked at; other files as they are."""
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        return data
    found, at = bytearray(data), 8
    while at + 12 <= len(found):
        end = at + 8 + int.from_bytes(found[at : at + 4], "big")
        if end + 4 > len(found):
            break
        found[end : end + 4] = struct.pack(">I", zlib.crc32(found[at + 4 : end]))
        at = end + 4
    return bytes(found)


def picture_case(number: int, rng: np.random.Generator, folder: Path, known: Paths) -> list[str]:
    """A comparison of a whole picture with a mutated one."""
    files = whole_pictures()
    name = sorted(files)[number % len(files)]
    path = folder / f"mutated{Path(name).suffix}"
    path.write_bytes(mutated(files[name], rng))
    pair = [str(known["picture"]), str(path)]
    more = [["--page", "all"], ["--page", "2"], ["--json", "-"], []][int(rng.integers(0, 4))]
    return ["compare", *(pair if rng.random() < 0.5 else pair[::-1]), *_PLAIN, *more]


def label_texts() -> dict[str, str]:
    """Label files of every format, as their tools write them."""
    corners = [[4, 4], [20, 4], [20, 20]]
    shape = {"label": "changed", "points": corners, "shape_type": "polygon"}
    flat, rows = [4, 4, 20, 4, 20, 20], {"size": [36, 44], "counts": [10, 5, 36 * 44 - 15]}
    images = [
        {"id": n, "file_name": f"{side}/1.png", "width": 44, "height": 36} for n, side in ((1, "before"), (2, "after"))
    ]
    drawn = [
        {"id": 1, "image_id": 1, "category_id": 1, "segmentation": [flat], "bbox": [4, 4, 16, 16]},
        {"id": 2, "image_id": 2, "category_id": 1, "segmentation": rows},
    ]
    via = {"name": "rect", "x": 4, "y": 4, "width": 9, "height": 9}
    regions = [{"shape_attributes": via, "region_attributes": {"kind": "changed"}}]
    cvat = (
        '<annotations><version>1.1</version><image id="0" name="before/1.png" width="44" height="36">'
        '<polygon label="changed" points="4,4;20,4;20,20"/><mask label="changed" rle="3,4,2" left="1" top="1" '
        'width="3" height="3"/></image><image id="1" name="after/1.png" width="44" height="36"/></annotations>'
    )
    return {
        "labelme": json.dumps({"shapes": [shape], "imagePath": "1.png", "imageHeight": 36, "imageWidth": 44}),
        "coco": json.dumps({"images": images, "annotations": drawn, "categories": [{"id": 1, "name": "changed"}]}),
        "cvat": cvat,
        "via": json.dumps({"1": {"filename": "before/1.png", "size": 1, "regions": regions, "file_attributes": {}}}),
    }


def mutated_text(text: str, rng: np.random.Generator) -> bytes:
    """A text with numbers or words put in place of others, or its bytes changed."""
    values = list(re.finditer(r'-?\d+(\.\d+)?|"[^"]*"', text))
    for _ in range(int(rng.integers(1, 4))):
        if not values:
            break
        value = values[int(rng.integers(0, len(values)))]
        word = str(rng.choice(_WORDS))
        text = text[: value.start()] + word + text[value.end() :]
        values = list(re.finditer(r'-?\d+(\.\d+)?|"[^"]*"', text))
    data = text.encode()
    return mutated(data, rng) if rng.random() < 0.2 else data


def label_case(number: int, rng: np.random.Generator, folder: Path, known: Paths) -> list[str]:
    """Labels of a format that were mutated, brought in."""
    form, text = sorted(label_texts().items())[number % len(label_texts())]
    root = folder / "labels"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(known["pair"], root)
    name = {"labelme": "before/1.json", "cvat": "labels.xml"}.get(form, "labels.json")
    (root / name).write_bytes(mutated_text(text, rng))
    shutil.rmtree(folder / "out", ignore_errors=True)
    return ["labels", "in", form, str(root), "--pictures", str(root), "--out", str(folder / "out")]


def weights_case(number: int, rng: np.random.Generator, folder: Path, known: Paths) -> list[str]:
    """A comparison with mutated weights: their header, which says what they are, or anything in them."""
    del number
    data = known["weights"].read_bytes()
    end = 8 + int.from_bytes(data[:8], "little")
    head = mutated(data[8:end], rng) if rng.random() < 0.5 else mutated_text(data[8:end].decode(), rng)
    data = struct.pack("<Q", len(head)) + head + data[end:] if rng.random() < 0.7 else mutated(data, rng)
    path = folder / "mutated.safetensors"
    path.write_bytes(data)
    pair = [str(known["picture"]), str(known["other"])]
    return ["compare", *pair, "--method", "network", "--set", f"weights={path}"]


def pickle_case(number: int, rng: np.random.Generator, folder: Path, known: Paths) -> list[str]:
    """A data set whose list of splits is a mutated pickle."""
    del known
    root = folder / "set" / "train"
    for below in ("images_and_masks", "inpainted", "metadata"):
        (root / below).mkdir(parents=True, exist_ok=True)
    scene(1).save(root / "images_and_masks" / "1.png")
    scene(2).save(root / "inpainted" / "1_mask.png")
    lists = {"train": np.arange(3), "val": [5, "a", None], "more": {"a": (1, 2.5, b"b")}}
    (root / "data_split.pkl").write_bytes(mutated(pickle.dumps(lists, number % 6), rng))
    held = np.empty(1, object)
    held[0] = {"bbox": [1, 2, 3, 4]}
    file = io.BytesIO()
    np.save(file, held, allow_pickle=True)
    (root / "metadata" / "1.npy").write_bytes(mutated(file.getvalue(), rng) if number % 2 else file.getvalue())
    return ["datasets", "--open", f"coco-inpainted:{folder / 'set'}", "--workers", "0"]


CASES: dict[str, Callable[[int, np.random.Generator, Path, Paths], list[str]]] = {
    "pictures": picture_case,
    "labels": label_case,
    "weights": weights_case,
    "pickles": pickle_case,
}


def arguments_of(kind: str, number: int, seed: int, folder: Path, known: Paths) -> list[str]:
    """The command's arguments for an input, whose files are written into a folder."""
    return CASES[kind](number, np.random.default_rng([seed, number, len(kind)]), folder, known)


def worker(pipe: Connection, known: Paths, memory: int) -> None:
    """Run commands in turn: exit code, output, complaints and the most memory so far."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    from spotdiff.__main__ import run

    with contextlib.suppress(EOFError):
        while True:
            kind, number, seed, folder = pipe.recv()
            arguments = arguments_of(kind, number, seed, folder, known)
            out, err = io.StringIO(), io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                try:
                    code: object = run(arguments)
                except BaseException as error:
                    code = f"{type(error).__name__}: {error}"
            most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            pipe.send((code, out.getvalue(), err.getvalue(), most))


class Measured:
    """Runs inputs in a process that may die or hang, and counts what goes wrong.

    Args:
        folder: For files.
        seed: Of all inputs.
        patience: Seconds for an input.
        memory: Bytes that the process may ask for.
    """

    def __init__(self, folder: Path, *, seed: int, patience: float, memory: int) -> None:
        self.folder, self.seed, self.patience, self.memory = folder, seed, patience, memory
        self.figures: Counter[str] = Counter(inputs=0, tracebacks=0, hangs=0, deaths=0, contract_breaks=0)
        self.peak_kb, self.failures = 0, list[str]()
        self.known = _known(folder)
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, there = context.Pipe()
        self.process = context.Process(target=worker, args=(there, self.known, self.memory), daemon=True)
        self.process.start()
        there.close()

    def one(self, kind: str, number: int) -> None:
        """Run an input and count what became of it."""
        self.figures["inputs"] += 1
        self.pipe.send((kind, number, self.seed, self.folder))
        patience = self.patience + 60 * (self.figures["inputs"] == 1)  # imports
        hung = not self.pipe.poll(patience)
        try:
            answer = None if hung else self.pipe.recv()
        except EOFError:
            answer = None
        if answer is None:
            self._note("hangs" if hung else "deaths", kind, number, "")
            self.process.kill()
            self.process.join()
            self._start()
            return
        code, out, err, most = answer
        self.peak_kb = max(self.peak_kb, most)
        self.figures[f"exit {code}"] += 1
        if "Traceback" in err or "bug in spotdiff" in err or not isinstance(code, int):
            self._note("tracebacks", kind, number, err or str(code))
        elif wrong := broken_contract(code, out, err):
            self._note("contract_breaks", kind, number, f"{wrong}: {err[-300:]}")

    def _note(self, what: str, kind: str, number: int, told: str) -> None:
        self.figures[what] += 1
        self.failures.append(f"{what} {kind}:{number} {told.strip()[-400:]}")

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.join()


def broken_contract(code: int, out: str, err: str) -> str:
    """What of the contract an answer breaks; "" for nothing."""
    if code not in (0, 1, 2, 3):
        return f"exit code {code}"
    if code == 2 and not err.startswith("spotdiff: ") and "error:" not in out:
        return "trouble without a line"
    if code != 2 and "spotdiff: " in err and "left out" not in err:
        return "an answer with trouble beside it"
    return "control characters" if _RAW.search(out + err) else ""


def _known(folder: Path) -> Paths:
    pair = folder / "pair"
    for side, seed in (("before", 1), ("after", 3)):
        (pair / side).mkdir(parents=True, exist_ok=True)
        scene(seed).save(pair / side / "1.png")
    known = {"pair": pair, "picture": pair / "before" / "1.png", "other": pair / "after" / "1.png"}
    with contextlib.suppress(ImportError):
        from spotdiff.nets import get_net
        from spotdiff.nets.parts.facts import Facts
        from spotdiff.nets.parts.weights import save_weights

        known["weights"] = folder / "whole.safetensors"
        facts = Facts("fc-siam-diff", {}, "classes", classes=("changed", "unchanged"))
        save_weights(known["weights"], get_net("fc-siam-diff").build(), facts)
    return known


def measure(counts: dict[str, int], *, seed: int, patience: float, memory: int, seconds: float) -> Measured:
    """What became of so many inputs of each kind, or of those that could be run in so many seconds."""
    with tempfile.TemporaryDirectory() as folder:
        measured = Measured(Path(folder), seed=seed, patience=patience, memory=memory)
        end = time.monotonic() + seconds
        for kind, count in counts.items():
            for number in range(count):
                if time.monotonic() > end:
                    measured.figures["not run"] += count - number
                    break
                measured.one(kind, number)
        measured.close()
    return measured


def main() -> int:
    """Print the figures; 1 where anything went wrong."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for kind, count in (("pictures", 2000), ("labels", 300), ("weights", 60), ("pickles", 500)):
        parser.add_argument(f"--{kind}", type=int, default=count, metavar="N")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--patience", type=float, default=20, help="seconds for an input")
    parser.add_argument("--memory", type=float, default=8, help="GiB that the process may ask for")
    parser.add_argument("--seconds", type=float, default=1800, help="of all inputs together")
    parser.add_argument("--only", help="one input: KIND:NUMBER; its arguments and files are kept in ./mutated")
    asked = parser.parse_args()
    if asked.only:
        kind, _, number = asked.only.partition(":")
        folder = Path("mutated").resolve()
        folder.mkdir(exist_ok=True)
        print(*arguments_of(kind, int(number), asked.seed, folder, _known(folder)))
        return 0
    counts = {kind: getattr(asked, kind) for kind in CASES}
    memory = int(asked.memory * 2**30)
    measured = measure(counts, seed=asked.seed, patience=asked.patience, memory=memory, seconds=asked.seconds)
    print(json.dumps({**measured.figures, "peak_mb": measured.peak_kb // 1024, "seed": asked.seed}, indent=1))
    print("\n".join(measured.failures), file=sys.stderr)
    return int(bool(measured.failures))


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    raise SystemExit(main())
