"""A picture is as its baseline, or the test fails: one way for every test runner."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from spotdiff.atomic_write import write_whole
from spotdiff.errors import LoadError, OptionError
from spotdiff.testing.snapshot import RESULTS, Snapshot

if TYPE_CHECKING:
    from spotdiff.options import Options, OptionValues
    from spotdiff.types import Comparison, Picture

UPDATE = "SPOTDIFF_UPDATE_PICTURES"
_used: set[str] = set()  # baselines that this process has asked for


def assert_same(
    picture: object,
    name: str | None = None,
    *,
    preset: str | None = "screens",
    folder: str | Path | None = None,
    results: str | Path = RESULTS,
    **options: Unpack[OptionValues],
) -> None:
    """Fail unless a picture is as its baseline, with any test runner; for pytest there is a fixture of this name.

    The baseline is `__screenshots__/TEST_FILE/NAME.png` beside the file that calls this. It is written, and one that is
    not the same any more is replaced, where the environment variable SPOTDIFF_UPDATE_PICTURES is 1.

    Args:
        picture: Path, bytes, array or Pillow image; a screenshot as the browser gives it.
        name: Of the picture, each once in a process but after a failure; that of the function that calls this for None.
        preset: Options by what is compared; see `spotdiff.compare`. None for none.
        folder: Folder of the baselines in place of the above, beside the test if it is relative.
        results: Folder of what a failure writes: the picture, its baseline and an overlay.
        options: Single options by name, which go over the preset's.

    Raises:
        AssertionError: there is no baseline, something changed, or the answer is unsure.
        OptionError: the name is none or is used twice, or an option has a value that it cannot have.
        LoadError: the picture or its baseline cannot be read.
    """
    __tracebackhide__ = True
    test = sys._getframe(1).f_code
    if name is None and not test.co_name.isidentifier():
        raise OptionError("give the picture a name: assert_same was not called by a function that has one")
    chosen = test.co_name if name is None else name
    snapshot = Snapshot.of(chosen, test_file=Path(test.co_filename), folder=folder, results=results, root=Path.cwd())
    with claimed(snapshot, _used):
        check(picture, snapshot, update=update_asked_for(), preset=preset, options=options)


@contextmanager
def claimed(snapshot: Snapshot, used: set[str]) -> Iterator[None]:
    """Hold the name of a picture, from now on where the block ends well: what failed may be tried again.

    Raises:
        OptionError: the name is held already.
    """
    __tracebackhide__ = True
    if snapshot.key in used:
        raise used_twice(snapshot)
    yield
    used.add(snapshot.key)


def update_asked_for() -> bool:
    """Whether the environment asks for baselines to be written.

    Raises:
        OptionError: the variable is neither 1 nor 0.
    """
    asked = os.environ.get(UPDATE, "")
    if asked not in ("", "0", "1"):
        raise OptionError(f"{UPDATE} takes 1 or 0, not {asked!r}")
    return asked == "1"


def used_twice(snapshot: Snapshot) -> OptionError:
    """The error of a second picture that has the baseline of a first one."""
    return OptionError(f"the name {snapshot.name!r} is used twice for {shown(snapshot.baseline)}: choose another")


def check(picture: object, snapshot: Snapshot, *, update: bool, preset: str | None, options: OptionValues) -> None:
    """Fail unless a picture is as the baseline of a snapshot; see `assert_same`.

    Args:
        picture: See `assert_same`.
        snapshot: Where its files are.
        update: Write the baseline where it is missing or not the same, in place of failing.
        preset: See `assert_same`.
        options: See `assert_same`.

    Raises:
        AssertionError: see `assert_same`.
        LoadError: see `assert_same`.
        OptionError: an option has a value that it cannot have.
    """
    __tracebackhide__ = True
    from spotdiff.options import Options
    from spotdiff.pipeline import compare

    data = _png_file(picture, Options().changed(**options))
    for left_over in (snapshot.actual, snapshot.expected, snapshot.overlay):
        left_over.unlink(missing_ok=True)
    answer = None
    if snapshot.baseline.exists():
        answer = compare(snapshot.baseline, data, preset=preset, **options)
        if answer.verdict == "same":
            return
    if update:
        write_whole(snapshot.baseline, data)
        return
    write_whole(snapshot.actual, data)
    if answer is not None:
        write_whole(snapshot.expected, snapshot.baseline.read_bytes())
        answer.save(overlay=snapshot.overlay)
    raise AssertionError(_failure(snapshot, answer))


def _failure(snapshot: Snapshot, answer: Comparison | None) -> str:
    """Why a test fails, and where to look."""
    if answer is None:
        why = f"there is no baseline {shown(snapshot.baseline)}"
        written = {"actual": snapshot.actual}
    else:
        verdict = f"{answer.verdict.capitalize()}: {answer.reason}."
        why = " ".join([verdict, *answer.text.removeprefix(verdict).split()])
        written = {"actual": snapshot.actual, "baseline": snapshot.expected, "overlay": snapshot.overlay}
    lines = [f"{kind:<8}  {shown(path)}" for kind, path in written.items()]
    accept = f"if the picture is as it should be: pytest --update-pictures, or {UPDATE}=1"
    return "\n".join([f"{snapshot.name}: {why}", *lines, accept])


def shown(path: Path) -> str:
    """A path for people: below the working folder if it lies there."""
    folder = Path.cwd().resolve()
    path = path.resolve()
    return str(path.relative_to(folder) if path.is_relative_to(folder) else path)


def _png_file(picture: object, options: Options) -> bytes:
    """A picture as a PNG file; one that is such a file already, byte for byte.

    Raises:
        LoadError: it cannot be read, or 8 bits cannot hold it.
    """
    from spotdiff.image import load_picture
    from spotdiff.image.arrays import is_array
    from spotdiff.image.decode import PNG
    from spotdiff.image.source import Coded, open_source

    source = picture if is_array(picture) else open_source(picture, max_bytes=options.max_bytes)
    loaded = load_picture(source, options=options)  # also what is kept as it is: no damaged file becomes a baseline
    if isinstance(source, Coded) and source.data.startswith(PNG):
        return source.data
    if loaded.notes:
        raise LoadError(f"a baseline is one picture of 8 bits, and this is none ({loaded.notes[0]}): give a PNG file")
    return _encoded(loaded)


def _encoded(picture: Picture) -> bytes:
    import cv2
    import numpy as np

    pixels = picture.pixels[..., ::-1]
    if picture.alpha is not None:
        pixels = np.dstack([pixels, picture.alpha])
    return bytes(cv2.imencode(".png", pixels)[1])
