"""Rules from a TOML file: everything that can be said is heard, everything that cannot is told in one line."""

from dataclasses import fields

import pytest

from spotdiff.errors import OptionError, SpotdiffError
from spotdiff.params import params_of
from spotdiff.watching.alerts.router import Routes
from spotdiff.watching.rules import Camera, Inspection, Rules, Zone, read_rules, rules_of, with_settings

HALL = '[cameras.hall]\nsource = "hall.mp4"\n'
SHIFT = '[approved.clean]\npicture = "clean.png"\nat = ["18:00"]\n'
ALL = """
store = "kept/events.db"
evidence = "shown"
timezone = "Europe/Berlin"
keep_days = 7
keep_gb = 2.5
reserve_mb = 10
before = "3 s"
after = 4
metrics = 9100

[cameras.hall]
source = "films/hall.mp4"
fps = 2
side = 320
order = "taken"
every = "1 min"
grows = true
patience = "0.5 min"

[cameras.gate]
source = "rtsp://ann:hush@10.0.0.5/live"

[zones.door]
polygon = [[10, 20], [90.5, 20], [90, 80]]
cameras = ["hall"]
what = ["left", "intrusion"]
min_area = 40
dwell = "5 min"
days = "mon-fri"
hours = "20:00-06:00"
sensitivity = 0.8
tell = ["ann", "log"]

[approved.clean]
camera = "hall"
picture = "clean.png"
at = ["06:00", "18:00"]
days = "sat"
zones = ["door"]
tell = ["log"]

[sinks.ann]
kind = "lines"
escalate_after = "5 min"
escalate_to = "log"

[sinks.log]
kind = "lines"

[compare]
method = "classic"
align = "off"
light = "gain"
sensitivity = 0.4
describe = "off"
language = "en"
settings = {}
describe_settings = {}
"""


@pytest.fixture
def read(tmp_path):
    def call(text):
        path = tmp_path / "rules.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_rules(path)

    return call


@pytest.fixture
def mistake(read, tmp_path):
    """What is told of a text: one line that begins with the file."""

    def call(text):
        with pytest.raises(SpotdiffError) as caught:
            Routes.from_rules(read(text))
        said = str(caught.value)
        assert "\n" not in said
        return said.removeprefix(f"{tmp_path / 'rules.toml'}: ")

    return call


def unlike_defaults(value):
    """The parameters of a value that still are what they are without a file."""
    return [name for name, (known, _) in params_of(type(value)).items() if getattr(value, name) == known.default]


def test_every_field_is_read(read, tmp_path):
    rules = read(ALL)
    hall, door, clean = rules.cameras["hall"], rules.zones["door"], rules.inspections["clean"]
    assert [unlike_defaults(one) for one in (rules, hall, door, clean)] == [[], [], [], []]
    assert hall == Camera("hall", str(tmp_path / "films/hall.mp4"), 2, 320, "taken", 60.0, True, 30.0)
    assert (door.polygon, door.cameras) == (((10.0, 20.0), (90.5, 20.0), (90.0, 80.0)), ("hall",))
    assert (door.what, door.min_area, door.dwell, door.tell) == (("left", "intrusion"), 40, 300.0, ("ann", "log"))
    assert (door.when.days, door.when.spans) == (frozenset(range(5)), ((1200, 360),))
    assert [f"{at:%H:%M}" for at in clean.times] == ["06:00", "18:00"]
    assert (rules.before, rules.after, rules.keep_days, rules.metrics) == (3.0, 4, 7, 9100)
    assert (rules.options.method, rules.options.sensitivity, rules.options.describe) == ("classic", 0.4, "off")
    assert {f.name for f in fields(Rules)} == {"cameras", "zones", "inspections", "sinks", "options", *params_of(Rules)}


def test_names_of_files_are_taken_from_the_folder_of_the_rules(read, tmp_path):
    rules = read(ALL)
    assert (rules.store, rules.evidence) == (str(tmp_path / "kept/events.db"), str(tmp_path / "shown"))
    assert rules.inspections["clean"].picture == str(tmp_path / "clean.png")
    assert rules.cameras["gate"].source == "rtsp://ann:hush@10.0.0.5/live"
    for source in ("0", "webcam:1", "/dev/video3", "/films/hall.mp4", "http://h/x"):
        assert read(f'[cameras.hall]\nsource = "{source}"').cameras["hall"].source == source
    assert read('store = "postgresql://a@h/n"\n' + HALL).store == "postgresql://a@h/n"


def test_a_word_does_for_a_list(read):
    rules = read(
        HALL + '[zones.door]\nwhat = "left, taken"\ncameras = "hall"\n' + SHIFT.replace('["18:00"]', '"18:00"')
    )
    assert (rules.zones["door"].what, rules.zones["door"].cameras) == (("left", "taken"), ("hall",))
    assert rules.inspections["clean"].at == ("18:00",)


def test_what_is_not_said_is_as_documented(read):
    rules = read(HALL)
    assert rules.zones_of("hall") == (Zone(""),)
    assert (Zone("").dwell, Zone("").what) == (10.0, ("left", "taken", "moved", "changed"))
    zones = read(HALL + '[cameras.gate]\nsource = "g"\n[zones.door]\ncameras = ["gate"]\n[zones.all]\n')
    assert [zone.name for zone in zones.zones_of("hall")] == ["all"]
    assert [zone.name for zone in zones.zones_of("gate")] == ["door", "all"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('stor = "x"\n' + HALL, "there is no setting 'stor'; did you mean store?"),
        (HALL + "[zoens.door]\n", "there is no setting 'zoens'; did you mean zones?"),
        (HALL + "[zones.door]\ndwel = 1\n", "zone door has no parameter 'dwel'; did you mean dwell?"),
        (HALL + "nothing_like_it = 1\n", "camera hall has no parameter 'nothing_like_it'; it has source, fps"),
        (HALL + 'order = "nam"\n', "camera hall: order takes one of name, taken, mtime, not 'nam'; did you mean name?"),
        (HALL + '[zones.door]\ncameras = ["hal"]\n', "zone door: cameras: there is no 'hal'; did you mean hall?"),
        (HALL + '[zones.door]\ntell = ["lok"]\n[sinks.log]\nkind = "lines"\n', "tell: there is no 'lok'; did you mean"),
        (HALL + '[zones.door]\nwhat = ["lft"]\n', "not 'lft'; did you mean left?"),
        (
            HALL + SHIFT + 'zones = ["dor"]\n[zones.door]\n',
            "approved clean: zones: there is no 'dor'; did you mean door?",
        ),
        (HALL + SHIFT + 'camera = "hal"\n', "approved clean: camera: there is no 'hal'; did you mean hall?"),
        (HALL + SHIFT + 'tell = ["ann"]\n', "approved clean: tell: there is no 'ann'"),
        (HALL + SHIFT + '[cameras.yard]\nsource = "y"\n', "approved clean needs a camera: one of hall, yard"),
        (HALL + '[approved.clean]\npicture = "x.png"\n', "approved clean needs a picture, and times such as"),
        (HALL + '[approved.clean]\nat = ["18:00"]\n', "approved clean needs a picture, and times such as"),
        (HALL + '[compare]\nmetod = "x"\n', "compare has no setting 'metod'; did you mean method?"),
        (HALL + "[compare]\nsensitivity = 3\n", "compare: sensitivity takes 0..1, not 3"),
        (HALL + '[sinks.log]\nkind = "line"\n', "sink log: kind is one of"),
        (
            HALL + '[sinks.log]\nkind = "lines"\nescalate_to = "lok"\n',
            "escalate_to: there is no 'lok'; did you mean log?",
        ),
        (HALL + '[sinks.log]\nkind = "lines"\nescalate_to = [["log"]]\n', "sink log: escalate_to: there is no ['log']"),
        (
            HALL + '[sinks.log]\nkind = "lines"\nescalate_to = "log"\nescalate_after = [1]\n',
            "sink log: escalate_after: ",
        ),
        (HALL + '[sinks.log]\nkind = "lines"\nescalate_to = "log"\nescalate_after = "soon"\n', "is no span of time"),
        (HALL + '[sinks.log]\nkind = "lines"\nescalate_after = 5\n', "sink log: escalate_after: "),
    ],
)
def test_a_name_that_is_none_is_told_with_what_was_meant(mistake, text, told):
    assert told in mistake(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HALL + "fps = 0\n", "camera hall: fps takes 0.01..60, not 0"),
        (HALL + 'fps = "many"\n', "camera hall: fps: 'many' is not a number"),
        (HALL + "fps = nan\n", "fps takes 0.01..60, not nan"),
        (HALL + "fps = true\n", "fps takes a number, not True"),
        (HALL + "grows = 1\n", "grows takes true or false, not 1"),
        (HALL + "every = inf\n", "every takes"),
        ("[cameras.hall]\nsource = 0\n", "camera hall: source takes a word, not 0"),
        (HALL + "[zones.door]\nwhat = 5\n", "zone door: what takes a word, or several"),
        (HALL + "[zones.door]\ntell = [5]\n", "zone door: tell takes a word, or several"),
        (HALL + "[zones.door]\ndwell = -1\n", "zone door: dwell takes 0..604800 s, not -1"),
        (HALL + "[zones.door]\ndwell = inf\n", "zone door: dwell takes"),
        (HALL + '[zones.door]\ndwell = "5 parsecs"\n', "zone door: dwell: '5 parsecs' is no span of time; write 90 s,"),
        (HALL + "[zones.door]\nmin_area = 1.5\n", "min_area takes a whole number"),
        (HALL + "[zones.door]\nsensitivity = 3\n", "sensitivity takes 0..1"),
        (HALL + "[zones.door]\ndays = 5\n", "zone door: days takes a word, not 5"),
        (HALL + '[zones.door]\ndays = "mon-fri-sun"\n', "zone door: days takes days and spans"),
        (HALL + '[zones.door]\ndays = "someday"\n', "zone door: 'someday' is no day"),
        (HALL + "[zones.door]\nhours = 06:00:00\n", "zone door: hours takes a word"),
        (HALL + '[zones.door]\nhours = "20:00"\n', "zone door: hours takes spans such as 20:00-06:00"),
        (HALL + '[zones.door]\nhours = "20:00-25:00"\n', "'25:00' is no time of the day"),
        (HALL + '[zones.door]\nhours = "20:70-21:00"\n', "'20:70' is no time of the day"),
        (HALL + SHIFT.replace('["18:00"]', "[18:00:00]"), "approved clean: at takes a word, or several"),
        (HALL + SHIFT.replace("18:00", "24:00"), "approved clean: a time of the day ends at 23:59"),
        (HALL + SHIFT.replace("18:00", "6pm"), "approved clean: '6pm' is no time of the day"),
        ("keep_gb = inf\n" + HALL, "keep_gb takes"),
        ("keep_days = -3\n" + HALL, "keep_days takes"),
        ("metrics = 99999\n" + HALL, "metrics takes 0..65535"),
        ("store = 5\n" + HALL, "store takes a word, not 5"),
        ("evidence = [1]\n" + HALL, "evidence takes a word"),
        ('before = "2 min"\n' + HALL, "before takes 0..60 s, not 120.0"),
        ("cameras = 3\n", "cameras is a table of names: [cameras.hall]"),
        ('[cameras]\nhall = "hall.mp4"\n', "camera hall is a table of settings"),
        (HALL + "[sinks]\nlog = 3\n", "sink log is a table of settings"),
        ("[cameras.hall]\nfps = 1\n", "camera hall needs a source"),
        ("", "there is no camera: write [cameras.hall] and its source"),
    ],
)
def test_a_value_that_cannot_be_is_told_with_where_it_stands(mistake, text, told):
    assert told in mistake(text)


@pytest.mark.parametrize(
    "polygon",
    [
        "[[1, 2], [3, 4]]",
        "[[1, 2, 3], [1, 2, 3], [1, 2, 3]]",
        "[[nan, 2], [3, 4], [5, 6]]",
        f"[[1{'0' * 400}, 2], [3, 4], [5, 6]]",
        "[[1e9, 2], [3, 4], [5, 6]]",
        '"abc"',
        "3",
        '[["a", "b"], [3, 4], [5, 6]]',
    ],
)
def test_a_polygon_has_three_corners_or_more(mistake, polygon):
    assert mistake(f"{HALL}[zones.door]\npolygon = {polygon}\n").startswith("zone door: polygon takes ")


@pytest.mark.parametrize("name", ["../x", "a/b", "a\\\\b", ".hall", " hall ", "a\\nb", "a" * 101, "ä" * 51, "", "  "])
def test_a_name_must_do_for_a_file(mistake, name):
    assert "plain letters: no slashes" in mistake(f'[cameras."{name}"]\nsource = "x"\n')


def test_other_names_are_free(read):
    name = "Tür \U0001f600 'q' [red]"
    assert list(read(f'[cameras."{name}"]\nsource = "x"\n').cameras) == [name]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"[cameras.hall\n", "is no TOML"),
        (b"a = \xff\n", "is no text in UTF-8"),
        (b"a = " + b"[" * 5000 + b"]" * 5000, "nested too deep"),
        (b'[[cameras]]\nsource="x"\n', "cameras is a table of names"),
    ],
)
def test_what_is_no_toml_is_told(mistake, data, told):
    assert told in mistake(data)


def test_a_file_with_a_mark_in_front_is_read(read):
    assert list(read("\ufeff" + HALL).cameras) == ["hall"]


def test_a_file_that_is_not_there_or_a_folder_is_told(tmp_path):
    with pytest.raises(OptionError, match=r"none\.toml cannot be read: No such file"):
        read_rules(tmp_path / "none.toml")
    with pytest.raises(OptionError, match="cannot be read: Is a directory"):
        read_rules(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        '[cameras.hall]\nsource = "rtsp://ann:hush@h/x"\nfps = 0\n',
        '[cameras.hall]\nsource = ["rtsp://ann:hush@h/x"]\n',
        '[cameras.hall]\nsource = ["http://h/x?token=hush"]\n',
        '[cameras.hall]\nsource = ["rtsp://ann:hu/hush@h/x"]\n',
        '[cameras]\nhall = "rtsp://ann:hush@h/x"\n',
        'cameras = "rtsp://ann:hush@h/x"\n',
        '[cameras.hall]\nsource = "rtsp://ann:hush@h/x\n',
        HALL + '[sinks]\nann = "tgram://hush/1"\n',
        HALL + '[sinks.ann]\nkind = "webhook"\nurl = ["http://ann:hush@h/x"]\n',
        'store = ["postgresql://ann:hush@h/x"]\n' + HALL,
    ],
)
def test_no_message_tells_a_password(mistake, text):
    assert "hush" not in mistake(text)


def test_sources_alone_make_rules():
    rules = rules_of(["a.mp4", "0"], names=["a", "webcam-0"], keep_days=3)
    assert {name: one.source for name, one in rules.cameras.items()} == {"a": "a.mp4", "webcam-0": "0"}
    assert rules.keep_days == 3
    with pytest.raises(OptionError, match="two sources are called a"):
        rules_of(["a.mp4", "b/a.mp4"], names=["a", "a"])
    with pytest.raises(OptionError, match=r"a camera cannot be called '\.hid'; give it another name"):
        rules_of([".hid"], names=[".hid"])
    with pytest.raises(OptionError, match="watch has no parameter 'keep_day'; did you mean keep_days"):
        rules_of(["a.mp4"], names=["a"], keep_day=3)


def test_settings_are_changed_on_top(read):
    rules = read(ALL)
    changed = with_settings(rules, {"keep_days": 1, "store": "x.db"})
    assert (changed.keep_days, changed.store, changed.keep_gb, changed.zones) == (1, "x.db", 2.5, rules.zones)
    with pytest.raises(OptionError, match=r"metrics takes 0\.\.65535"):
        with_settings(rules, {"metrics": -1})


def test_an_escalation_is_made_of_words(read):
    routes = Routes.from_rules(read(ALL))
    assert {name: (one.after, one.to) for name, one in routes.escalations.items()} == {"ann": (300.0, ("log",))}


def test_values_made_in_a_program_are_checked_as_well():
    for make in (
        lambda: Camera("hall", "x", fps=0),
        lambda: Zone("door", what=("lft",)),
        lambda: Zone("door", dwell=-1),
        lambda: Inspection("clean", at=("25:00",)),
        lambda: Rules({}, metrics=-1),
    ):
        with pytest.raises(OptionError):
            make()
