"""A method that fails in a watch: one camera is in trouble, the others go on; one that cannot work at all ends it."""

import pytest
from sqlalchemy import select

from spotdiff.cli import run_verb
from spotdiff.errors import MethodError
from spotdiff.options import Options
from spotdiff.watching.events import open_store
from spotdiff.watching.events.schema import journal
from spotdiff.watching.run import Watch
from spotdiff.watching.scene import isolated_judge
from spotdiff.watching.validate_rules import problems
from watching.run import failing_method
from watching.run.run_toys import BAG, NOON, YELLOW, Heard, make_film, make_rules, place, spans

OTHER_BAG = (40, 40, 90, 80)


def black(first, last=1e9):
    """A black thing from a second to another, a yellow one from 8 s before, and one where the black one was."""

    def draw(seconds):
        picture = place(OTHER_BAG) if seconds >= first - 8 else place()
        left, top, right, bottom = BAG
        if first <= seconds < last:
            picture[top:bottom, left:right] = failing_method.BLACK
        elif seconds >= last:
            picture[top:bottom, left:right] = YELLOW
        return picture

    return draw


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    return {
        "late": make_film(folder / "late.mp4", 28, spans(first=18)),
        "black": make_film(folder / "black.mp4", 28, black(12)),
        "short": make_film(folder / "short.mp4", 40, black(12, last=20)),
    }


@pytest.fixture(autouse=True)
def plugged_in(tmp_path, monkeypatch):
    """The plug-in is installed."""
    info = tmp_path / "site" / "failing-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(failing_method.METADATA)
    (info / "entry_points.txt").write_text(failing_method.ENTRY_POINTS)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))


def options(how, **settings):
    return Options(method="failing", settings={"how": how, **settings}, align="off", describe="off")


def lines_of(watch):
    with watch.store.writer.reading() as connection:
        rows = connection.execute(select(journal.c.camera, journal.c.said).where(journal.c.what == "method"))
        return [tuple(row) for row in rows]


SAYS = {
    "raises": "the plug-in failing of methods failed: ZeroDivisionError: two; tell whoever made it",
    "exits": "the plug-in failing of methods failed: SystemExit: 0; tell whoever made it",
    "nan": "method failing: its map gone has values that are not finite",
    "shape": "method failing: its map gone is 180x321, not 180x320",
    "hangs": "method failing did not end within 5 s",
}


@pytest.mark.parametrize("how", SAYS)
def test_a_method_that_fails_for_one_camera_leaves_the_others_alone(films, tmp_path, monkeypatch, how):
    if how == "hangs":
        monkeypatch.setattr(isolated_judge, "_PATIENCE", 5.0)
    heard = Heard()
    rules = make_rules(tmp_path, {"yard": films["black"], "hall": films["late"]}, options=options(how))
    with Watch(rules, replay=True, start=NOON, listener=heard) as watch:
        watch.run()
        yard, hall = watch.status().cameras
        assert (yard.method_trouble, yard.method_up) == (SAYS[how], False)
        assert (hall.method_trouble, hall.method_up) == ("", True)
        assert lines_of(watch) == [("yard", SAYS[how])]
        assert watch.unjudged == [f"camera yard: {SAYS[how]}"]
    assert [(event.camera, round(event.seconds)) for event in heard.of("opened")] == [("yard", 4), ("hall", 18)]


def test_a_describer_that_fails_leaves_events_with_plain_words(films, tmp_path):
    heard = Heard()
    mute = Options(method="classic", align="off", describe="mute")
    rules = make_rules(tmp_path, {"hall": films["late"]}, options=mute)
    with Watch(rules, replay=True, start=NOON, listener=heard) as watch:
        watch.run()
        assert lines_of(watch) == [("hall", "describer mute fails: ZeroDivisionError: no words")]
        assert watch.unjudged == []
    (opened,) = heard.of("opened")
    assert "yellow" in opened.text


def test_it_is_asked_again_later_and_nothing_is_lost(films, tmp_path):
    heard = Heard()
    rules = make_rules(tmp_path, {"yard": films["short"], "hall": films["late"]}, options=options("raises"))
    with Watch(rules, replay=True, start=NOON, listener=heard) as watch:
        watch.run()
        assert lines_of(watch) == [("yard", SAYS["raises"]), ("yard", "method failing gives answers again")]
        assert watch.unjudged == []
    assert [event.camera for event in heard.of("opened")] == ["yard", "hall", "yard"]


def test_a_watch_whose_every_camera_is_in_trouble_ends(films, tmp_path):
    rules = make_rules(tmp_path, {"yard": films["black"], "gate": films["short"]}, options=options("nan"))
    with Watch(rules, replay=True, start=NOON) as watch, pytest.raises(MethodError, match="no camera can be watched"):
        watch.run()
    with open_store(rules.store, reserve_mb=0) as store, store.writer.reading() as connection:
        cameras = connection.execute(select(journal.c.camera).where(journal.c.what == "method")).scalars().all()
    assert sorted(cameras) == ["gate", "yard"]


def command(tmp_path, films, **settings):
    """The verb `watch` on two films, as people type it; the exit code."""
    rules = tmp_path / "rules.toml"
    cameras = "".join(f'[cameras.{name}]\nsource = "{film}"\n' for name, film in films.items())
    given = "".join(f"{name} = {str(value).lower()}\n" for name, value in settings.items())
    chosen = f'[compare]\nmethod = "failing"\nalign = "off"\n[compare.settings]\nhow = "nan"\n{given}'
    rules.write_text(f'store = "{tmp_path}/events.db"\nreserve_mb = 0\n{chosen}{cameras}[zones.all]\ndwell = "4 s"\n')
    return ["watch", "--rules", str(rules), "--quiet"]


def test_the_verb_says_which_camera_was_not_judged(films, tmp_path, capsys):
    asked = command(tmp_path, {"yard": films["black"], "hall": films["late"]})
    assert run_verb([*asked, "--replay"]) == 2
    assert capsys.readouterr().err.splitlines() == [f"spotdiff: camera yard: {SAYS['nan']}"]


@pytest.mark.parametrize("how", [["--check"], ["--replay"]])
def test_a_method_that_cannot_work_is_told_at_once(films, tmp_path, capsys, how):
    asked = command(tmp_path, {"hall": films["late"]}, always=True)
    assert run_verb([*asked, *how]) == 2
    told = capsys.readouterr()
    assert (told.out + told.err).splitlines() == [("" if how == ["--check"] else "spotdiff: ") + SAYS["nan"]]


def test_a_check_asks_the_method_about_the_cameras_pictures(tmp_path):
    film = make_film(tmp_path / "dark.mp4", 1, lambda seconds: place() * 0)
    rules = make_rules(tmp_path, {"dark": film}, options=options("raises"))
    assert problems(rules) == [f"camera dark: {SAYS['raises']}"]
