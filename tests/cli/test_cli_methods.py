import json

from ready_methods import SPELLINGS
from spotdiff.methods import get_method, method_names
from spotdiff.params import params_of


def test_every_method_has_a_line(spotdiff):
    lines = spotdiff("methods").out.splitlines()
    assert [line.split()[0] for line in lines] == method_names()
    assert all(len(line.split()) > 3 for line in lines)


def test_parameters_as_a_table(spotdiff):
    text = spotdiff("methods", "pixel").out
    for name, (field, known) in params_of(type(get_method("pixel"))).items():
        line = next(line for line in text.splitlines() if line.split()[:1] == [name])
        shown = ("off", "on")[field.default] if isinstance(field.default, bool) else str(field.default)
        assert line.split()[1] == shown
        assert known.help in line
        assert known.range in line


def test_a_networks_name_shows_the_method_that_runs_it(spotdiff):
    assert spotdiff("methods", "fc_siam_diff").out == spotdiff("methods", "network").out
    listed = next(line for line in spotdiff("methods").out.splitlines() if line.startswith("network "))
    assert all(name in listed for name in SPELLINGS)


def test_as_json(spotdiff):
    assert list(json.loads(spotdiff("methods", "--json").out)) == method_names()
    told = json.loads(spotdiff("methods", "pixel", "--json").out)
    assert [parameter["name"] for parameter in told["parameters"]] == list(params_of(type(get_method("pixel"))))


def test_unknown(spotdiff):
    ran = spotdiff("methods", "pixle")
    assert ran.code == 2
    assert "did you mean pixel?" in ran.err
