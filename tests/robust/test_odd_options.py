"""Values that no option is made for: numbers without end, halves of letters, far dates; by kind, over the verbs."""

from __future__ import annotations

from contextlib import suppress

import pytest

import spotdiff
from robust import corpus
from spotdiff.__main__ import run
from spotdiff.errors import SpotdiffError

pytestmark = pytest.mark.filterwarnings("ignore")
HALF = "\ud800"
LONG = "x" * 1_000_000
HUGE = "9" * 5000
BEFORE, AFTER = corpus.scene(1), corpus.scene(3)


@pytest.mark.parametrize("name", ["max_pixels", "max_bytes", "seed_score", "sensitivity", "min_area", "join", "page"])
@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), -float("inf"), 10**400, -1, True, "1", None, HALF, [1]],
    ids=lambda value: repr(value)[:9],
)
def test_a_number_is_taken_or_refused(name, value):
    with suppress(SpotdiffError):
        spotdiff.compare(corpus.saved(BEFORE, "PNG"), BEFORE, method="pixel", **{name: value})


@pytest.mark.parametrize(
    "name", ["method", "language", "describe", "preset", "ignore_colour", "align", "areas", "settings", "ignore_mask"]
)
@pytest.mark.parametrize(
    "value", [HALF, f"{HALF}.po", "\0", "", LONG, 5, {5: 1}, [HALF]], ids=lambda value: ascii(value)[:9]
)
def test_a_word_is_taken_or_refused(name, value):
    with suppress(SpotdiffError):
        spotdiff.compare(BEFORE, AFTER, **{"method": "pixel", name: value})


def test_history_is_a_list_of_pictures():
    for history in (5, "a.png", [5], [HALF]):
        with pytest.raises(SpotdiffError):
            spotdiff.compare(BEFORE, AFTER, history=history)


@pytest.mark.parametrize(
    "arguments",
    [
        ("compare", "{0}", "{1}", "--max-bytes", "inf"),
        ("compare", "{0}", "{1}", "--max-bytes", "1e400"),
        ("compare", "{0}", "{1}", "--page", HUGE),
        ("compare", "{0}", "{1}", "--ignore", f"0,0,{HUGE},1"),
        ("compare", "{0}", "{1}", "--set", f"threshold={HUGE}"),
        ("compare", "{0}", "{1}", "--language", HALF),
        ("compare", "{0}", "{1}", "--areas", HALF),
        ("compare", "{0}", LONG),
        ("events", "list", "--store", "{store}", "--camera", HALF),
        ("events", "acknowledge", HALF, "--store", "{store}"),
        ("events", "list", "--store", "{store}", "--limit", "9" * 25),
        ("events", "list", "--store", "{store}", "--since", "0001-01-01"),
        ("watch", "{folder}", "--replay", "--store", "{store}", "--start", "0001-01-01", "-q"),
        ("watch", "{folder}", "--replay", "--store", "{store}", "--start", "9999-12-31T23:59:59", "-q"),
    ],
    ids=lambda arguments: " ".join(arguments)[:50].encode("ascii", "replace").decode(),
)
def test_a_verb_answers_or_says_a_line(arguments, odd_files, capfd):
    capfd.readouterr()
    code = run([argument if argument in (LONG, HUGE) else _filled(argument, odd_files) for argument in arguments])
    _, err = capfd.readouterr()
    assert code in (0, 1, 2, 3)
    assert "bug in spotdiff" not in err
    assert len(err.splitlines()) == (code == 2)
    assert len(err) < 3000


def _filled(argument, files):
    for name, path in files.items():
        argument = argument.replace("{" + name + "}", str(path))
    return argument


@pytest.fixture(scope="module")
def odd_files(tmp_path_factory):
    root = tmp_path_factory.mktemp("odd")
    (root / "frames").mkdir()
    for number, picture in enumerate((BEFORE, AFTER)):
        (root / "frames" / f"{number}.png").write_bytes(corpus.saved(picture, "PNG"))
    files = {str(number): root / "frames" / f"{number}.png" for number in (0, 1)}
    files |= {"folder": root / "frames", "store": root / "events.db"}
    assert run(["watch", str(files["folder"]), "--replay", "--store", str(files["store"]), "-q"]) == 0
    return files
