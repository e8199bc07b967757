from __future__ import annotations

import pytest

from spotdiff.errors import OptionError
from spotdiff.watching.alerts import make_sink
from spotdiff.watching.alerts.settings import KINDS
from spotdiff.watching.alerts.sinks.mqtt import Mqtt
from spotdiff.watching.alerts.sinks.program import Program
from spotdiff.watching.alerts.sinks.webhook import Webhook

FIT = {
    "apprise": {"url": "json://localhost"},
    "lines": {},
    "mqtt": {"host": "broker"},
    "program": {"command": ["true"]},
    "webhook": {"url": "https://example.org"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_made(kind):
    assert make_sink("mine", {"kind": kind, **FIT[kind]}).name == "mine"


def test_values_take_the_types_of_their_fields():
    assert make_sink("m", {"kind": "mqtt", "port": "1884", "tls": "no", "timeout": 3}) == Mqtt(
        name="m", port=1884, timeout=3
    )
    assert make_sink("p", {"kind": "program", "command": ["echo", "a, b"]}) == Program("p", ("echo", "a, b"))


def test_secrets_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("MY_TOKEN", "hunter2")
    monkeypatch.setenv("MY_URL", "https://example.org/x")
    sink = make_sink("w", {"kind": "webhook", "url": "env:MY_URL", "token": {"env": "MY_TOKEN"}})
    assert sink == Webhook("w", "https://example.org/x", "hunter2")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "kind is one of apprise, lines, mqtt, program, webhook, not None"),
        ({"kind": "webhok"}, "did you mean webhook"),
        ({"kind": ["mqtt"]}, "kind is one of"),
        ({"kind": "webhook", "urll": "https://x.org"}, "no parameter 'urll'; did you mean url"),
        ({"kind": "webhook", "name": "x"}, "no parameter 'name'"),
        ({"kind": "mqtt", "_connection": "x"}, "no parameter '_connection'"),
        ({"kind": "mqtt", "port": "many"}, "port: 'many' is not a whole number"),
        ({"kind": "mqtt", "port": 70000}, "port takes 0..65535"),
        ({"kind": "mqtt", "tls": 1}, "tls takes true or false"),
        ({"kind": "mqtt", "tls": True, "ca": "/nowhere.pem"}, "there is no file /nowhere.pem"),
        ({"kind": "mqtt", "topic": "a/#"}, "topic takes levels"),
        ({"kind": "mqtt", "topic": ""}, "topic is what all topics begin with"),
        ({"kind": "mqtt", "host": ""}, "host is"),
        ({"kind": "program", "command": "echo hello"}, "there is no program 'echo hello'"),
        ({"kind": "program", "command": [1]}, "command takes a word"),
        ({"kind": "webhook", "url": {"env": "NOT_SET_AT_ALL"}}, "has no NOT_SET_AT_ALL"),
        ({"kind": "webhook", "url": "env:NOT_SET_AT_ALL"}, "has no NOT_SET_AT_ALL"),
        ({"kind": "webhook", "url": {"enf": "X"}}, 'or {env = "NAME"}'),
    ],
)
def test_mistakes_are_told_in_one_line(settings, said):
    with pytest.raises(OptionError) as caught:
        make_sink("mine", settings)
    assert said in str(caught.value)
    assert str(caught.value).startswith("sink mine: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("field", ["password", "token", "url"])
def test_a_secret_of_a_wrong_type_is_not_shown(field):
    kind = "mqtt" if field == "password" else "webhook"
    with pytest.raises(OptionError) as caught:
        make_sink("mine", {"kind": kind, field: 471147})
    assert "471147" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "a/b", "x" * 151])
def test_names_that_would_break_keys_are_refused(name):
    with pytest.raises(OptionError, match="name of a sink"):
        make_sink(name, {"kind": "lines"})
