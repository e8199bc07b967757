from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from spotdiff.watching.alerts import AlertQueue
from spotdiff.watching.events.schema import events, outbox


def keys(deliveries):
    return [delivery.key for delivery in deliveries]


def test_what_was_put_before_is_not_put_again(queue, make_message):
    assert queue.put(make_message(1), ["mail", "mqtt", "mail"]) == 2
    assert queue.put(make_message(1), ["mail", "mqtt", "chat"]) == 1
    assert queue.put(make_message(1, "closed"), ["mail"]) == 1
    assert keys(queue.waiting()) == [
        "hall-1/opened/mail/text",
        "hall-1/opened/mqtt/text",
        "hall-1/opened/chat/text",
        "hall-1/closed/mail/text",
    ]


def test_what_was_sent_is_not_put_again_either(queue, make_message):
    queue.put(make_message(), ["mail"])
    queue.mark_sent(queue.head("mail"))
    assert queue.put(make_message(), ["mail"]) == 0
    assert queue.idle(["mail"])


def test_the_picture_goes_with_the_text(queue, make_message, still):
    queue.put(make_message(1, picture=still), ["mail"])
    (delivery,) = queue.waiting()
    assert delivery.message.picture == still


def test_what_an_earlier_version_put_is_read(queue, engine, make_message):
    queue.put(make_message(1), ["mail"])
    with engine.begin() as connection:
        (stored,) = connection.execute(select(outbox.c.message)).scalars()
    assert stored["part"] == "text"
    assert queue.head("mail").message == make_message(1)


def test_who_listens_is_called_when_something_is_put(queue, make_message):
    called = []
    queue.listen(lambda: called.append(len(queue.waiting())))
    queue.put(make_message(), ["mail"])
    assert called == [1]


def test_deliveries_come_in_order_and_remember_failures(queue, make_message, clock):
    for number in (3, 1, 2):
        queue.put(make_message(number), ["mail"])
    first = queue.head("mail")
    queue.reschedule(first, seconds=60, reason="no route")
    again = queue.head("mail")
    assert (again.id, again.tries, again.error) == (first.id, 1, "no route")
    assert again.due == clock.wall() + timedelta(seconds=60)
    queue.mark_dead(again, reason="refused")
    assert queue.head("mail").message.event == "hall-1"
    assert [(delivery.message.event, delivery.error) for delivery in queue.dead()] == [("hall-3", "refused")]
    assert queue.counts() == {("mail", "waiting"): 2, ("mail", "dead"): 1}
    assert queue.head("other") is None


def test_dead_deliveries_are_kept_and_can_be_revived(queue, make_message):
    queue.put(make_message(), ["mail"])
    queue.mark_dead(queue.head("mail"), reason="refused")
    assert queue.put(make_message(), ["mail"]) == 0
    assert queue.revive(keys(queue.dead("mail"))) == 1
    assert queue.head("mail").tries == 0


def test_what_is_dead_or_sent_stays_so(queue, make_message):
    queue.put(make_message(), ["mail"])
    delivery = queue.head("mail")
    queue.mark_sent(delivery)
    queue.reschedule(delivery, seconds=1, reason="late")
    queue.mark_dead(delivery, reason="late")
    assert queue.counts() == {("mail", "sent"): 1}


@pytest.mark.parametrize(("state", "forgotten"), [("open", 0), ("acknowledged", 0), ("closed", 1)])
def test_sent_deliveries_are_forgotten_once_their_event_is_closed(queue, engine, make_message, clock, state, forgotten):
    row = {"id": "hall-1", "number": 1, "camera": "hall", "kind": "left", "state": state, "score": 1, "text": ""}
    with engine.begin() as connection:
        connection.execute(insert(events).values(**row, first_seen=0, confirmed=0))
    queue.put(make_message(1), ["mail"])
    queue.mark_sent(queue.head("mail"))
    queue.put(make_message(2), ["mail"])
    assert queue.forget_sent(timedelta(days=1)) == 0
    clock.advance(90000)
    assert queue.forget_sent(timedelta(days=1)) == forgotten
    assert keys(queue.waiting()) == ["hall-2/opened/mail/text"]


def test_a_queue_of_another_process_finds_the_same(queue, engine, make_message):
    queue.put(make_message(), ["mail"])
    assert keys(AlertQueue(engine).waiting()) == ["hall-1/opened/mail/text"]
