from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotdiff.errors import DataError
from spotdiff.http_delivery import LONGEST_REASON, one_line, shown
from spotdiff.watching.alerts import Message, SinkDown, message_of
from spotdiff.watching.alerts.message import Change, body_of
from spotdiff.watching.event import EVENT_KINDS, Event

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
MESSAGES = st.builds(
    Message,
    event=WORDS,
    change=st.sampled_from(get_args(Change)),
    kind=st.sampled_from(EVENT_KINDS),
    camera=WORDS,
    zone=WORDS,
    title=WORDS,
    text=WORDS,
    at=st.datetimes(timezones=st.just(UTC)),
    record=st.dictionaries(WORDS, st.none() | st.integers() | WORDS | st.lists(st.integers())),
    picture=st.none() | st.just(Path("still/1.jpg")),
)


@given(MESSAGES)
def test_a_message_comes_back_from_json_as_it_went(told):
    assert Message.from_json(json.loads(json.dumps(told.to_json()))) == told


@pytest.mark.parametrize("broken", [{}, {"at": "yesterday", "picture": None}, {"at": 5, "picture": None}])
def test_what_is_no_message_is_told_in_one_line(broken):
    with pytest.raises(DataError, match="not a message"):
        Message.from_json(broken)


def test_the_message_of_an_event_names_camera_kind_and_zone():
    seen = datetime(2026, 3, 1, tzinfo=UTC)
    event = Event("hall-17", "hall", "taken", "open", "desk", (1, 2, 3, 4), seen, seen, 0.9, "A cup was taken.")
    told = message_of(event, "escalated", record={"id": "hall-17"}, at=seen)
    assert told.title == "hall: still open: something was taken (desk)"
    assert (told.text, told.event, told.zone) == ("A cup was taken.", "hall-17", "desk")


def test_every_kind_and_change_has_a_title():
    seen = datetime(2026, 3, 1, tzinfo=UTC)
    titles = set()
    for kind in EVENT_KINDS:
        for change in get_args(Change):
            event = Event("a-1", "a", kind, "open", "", None, seen, seen, 1.0, "")
            told = message_of(event, change, record={}, at=seen)
            assert told.text == told.title
            titles.add(told.title)
    assert len(titles) == len(EVENT_KINDS) * len(get_args(Change))


def test_machines_get_the_line_with_the_key(make_message):
    body = body_of(make_message(3), "the key")
    assert (body["id"], body["state"], body["change"], body["key"]) == ("hall-3", "open", "opened", "the key")
    assert body["part"] == "text"


@pytest.mark.parametrize(
    "said",
    ["no route to smtp://bob:hunter2@mail", "https://hunter2@x/ and ftp://a:hunter2@y", "x://u:p@hunter2@host/ down"],
)
def test_reasons_are_one_line_without_passwords(said):
    reason = str(SinkDown(f"{said}\nand more\n" + "x" * 1000))
    assert "hunter2" not in reason
    assert "\n" not in reason
    assert len(reason) <= LONGEST_REASON
    assert one_line("plain words stay") == "plain words stay"


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("https://u:secret@h.org/secret?secret#secret", "https://h.org"),
        ("http://[::1]:80/secret", "http://[::1]:80"),
        ("http://h:secret", "the URL"),
    ],
)
def test_urls_are_shown_without_what_may_be_secret(url, seen):
    assert shown(url) == seen
