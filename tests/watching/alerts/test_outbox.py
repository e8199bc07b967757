from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert

from spotdiff.watching.alerts import Outbox
from spotdiff.watching.store.tables import events


def keys(letters):
    return [letter.key for letter in letters]


def test_what_was_put_before_is_not_put_again(outbox, make_message):
    assert outbox.put(make_message(1), ["mail", "mqtt", "mail"]) == 2
    assert outbox.put(make_message(1), ["mail", "mqtt", "chat"]) == 1
    assert outbox.put(make_message(1, "closed"), ["mail"]) == 1
    assert keys(outbox.waiting()) == [
        "hall-1/opened/mail/text",
        "hall-1/opened/mqtt/text",
        "hall-1/opened/chat/text",
        "hall-1/closed/mail/text",
    ]


def test_what_was_sent_is_not_put_again_either(outbox, make_message):
    outbox.put(make_message(), ["mail"])
    outbox.mark_sent(outbox.head("mail"))
    assert outbox.put(make_message(), ["mail"]) == 0
    assert outbox.idle(["mail"])


def test_a_callers_transaction_decides(outbox, engine, make_message):
    with engine.connect() as connection:
        assert outbox.put(make_message(1), ["mail"], connection=connection) == 1
        connection.rollback()
    assert outbox.waiting() == ()
    with engine.begin() as connection:
        outbox.put(make_message(2), ["mail"], connection=connection)
    assert keys(outbox.waiting()) == ["hall-2/opened/mail/text"]


def test_the_picture_goes_with_the_text_if_it_is_there(outbox, make_message, still):
    told = make_message(1, picture=still)
    outbox.put(told, ["mail"])
    assert outbox.put(told.with_picture(still), ["mail"]) == 0
    (letter,) = outbox.waiting()
    assert letter.message.picture == still


def test_the_picture_follows_a_text_that_went_without(outbox, make_message, still, tmp_path):
    late = tmp_path / "late.jpg"
    outbox.put(make_message(1, picture=late), ["mail"])
    assert outbox.put(make_message(1).with_picture(late), ["mail"]) == 0, "there is no picture yet"
    assert outbox.put(make_message(1).with_picture(still), ["mail"]) == 1
    text, picture = outbox.waiting()
    assert (text.message.part, text.message.picture) == ("text", None)
    assert (picture.message.part, picture.message.picture) == ("picture", still)
    assert picture.key == "hall-1/opened/mail/picture"


def test_who_listens_is_called_when_something_is_put(outbox, make_message):
    called = []
    outbox.listen(lambda: called.append(len(outbox.waiting())))
    outbox.put(make_message(), ["mail"])
    assert called == [1]


def test_letters_come_in_order_and_remember_failures(outbox, make_message, clock):
    for number in (3, 1, 2):
        outbox.put(make_message(number), ["mail"])
    first = outbox.head("mail")
    outbox.put_off(first, seconds=60, reason="no route")
    again = outbox.head("mail")
    assert (again.id, again.tries, again.error) == (first.id, 1, "no route")
    assert again.due == clock.wall() + timedelta(seconds=60)
    outbox.bury(again, reason="refused")
    assert outbox.head("mail").message.event == "hall-1"
    assert [(letter.message.event, letter.error) for letter in outbox.dead()] == [("hall-3", "refused")]
    assert outbox.counts() == {("mail", "waiting"): 2, ("mail", "dead"): 1}
    assert outbox.head("other") is None


def test_dead_letters_are_kept_and_can_be_revived(outbox, make_message):
    outbox.put(make_message(), ["mail"])
    outbox.bury(outbox.head("mail"), reason="refused")
    assert outbox.put(make_message(), ["mail"]) == 0
    assert outbox.revive(keys(outbox.dead("mail"))) == 1
    assert outbox.head("mail").tries == 0


def test_what_is_dead_or_sent_stays_so(outbox, make_message):
    outbox.put(make_message(), ["mail"])
    letter = outbox.head("mail")
    outbox.mark_sent(letter)
    outbox.put_off(letter, seconds=1, reason="late")
    outbox.bury(letter, reason="late")
    assert outbox.counts() == {("mail", "sent"): 1}


@pytest.mark.parametrize(("state", "forgotten"), [("open", 0), ("acknowledged", 0), ("closed", 1)])
def test_sent_letters_are_forgotten_once_their_event_is_closed(outbox, engine, make_message, clock, state, forgotten):
    row = {"id": "hall-1", "number": 1, "camera": "hall", "kind": "left", "state": state, "score": 1, "text": ""}
    with engine.begin() as connection:
        connection.execute(insert(events).values(**row, first_seen=0, confirmed=0))
    outbox.put(make_message(1), ["mail"])
    outbox.mark_sent(outbox.head("mail"))
    outbox.put(make_message(2), ["mail"])
    assert outbox.tidy(timedelta(days=1)) == 0
    clock.advance(90000)
    assert outbox.tidy(timedelta(days=1)) == forgotten
    assert keys(outbox.waiting()) == ["hall-2/opened/mail/text"]


def test_an_outbox_of_another_process_finds_the_same(outbox, engine, make_message):
    outbox.put(make_message(), ["mail"])
    assert keys(Outbox(engine).waiting()) == ["hall-1/opened/mail/text"]
