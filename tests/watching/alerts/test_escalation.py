from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from spotdiff.errors import OptionError
from spotdiff.watching.alerts import Escalation, Escalator, message_of
from spotdiff.watching.event import Event


@pytest.fixture
def event(clock):
    now = clock.wall()
    return Event("hall-1", "hall", "left", "open", "door", None, now, now, 0.9, "A bag was left.")


@pytest.fixture
def told():
    return []


@pytest.fixture
def escalator_of(queue, told):
    def tell(event):
        told.append(event.id)
        return message_of(event, "escalated", record={"id": event.id}, at=queue.clock.wall())

    return lambda *rules: Escalator(rules, queue, tell)


def sinks(queue):
    return [delivery.sink for delivery in queue.waiting()]


def test_what_nobody_acknowledges_is_told_to_further_people_once(queue, escalator_of, told, event, clock):
    escalator = escalator_of(Escalation(60.0, ("boss",)), Escalation(600.0, ("boss", "police")))
    assert escalator.escalate([event], clock.wall()) == ()
    clock.advance(59)
    assert escalator.escalate([event], clock.wall()) == ()
    clock.advance(2)
    assert escalator.escalate([event], clock.wall()) == ("hall-1",)
    assert escalator.escalate([event], clock.wall()) == ()
    assert sinks(queue) == ["boss"]
    clock.advance(600)
    assert escalator.escalate([event], clock.wall()) == ("hall-1",)
    assert sinks(queue) == ["boss", "police"]
    assert told == ["hall-1", "hall-1"], "once for each rule"
    (first, _) = queue.waiting()
    assert (first.key, first.message.change) == ("hall-1/escalated/boss/text", "escalated")


@pytest.mark.parametrize("state", ["acknowledged", "closed"])
def test_what_a_person_has_seen_is_not(queue, escalator_of, event, clock, state):
    escalator = escalator_of(Escalation(60.0, ("boss",)))
    escalator.escalate([event], clock.wall())
    clock.advance(100)
    assert escalator.escalate([replace(event, state=state)], clock.wall()) == ()
    assert sinks(queue) == []


def test_a_stepped_wall_does_not_escalate(queue, escalator_of, event, clock):
    escalator = escalator_of(Escalation(60.0, ("boss",)))
    escalator.escalate([event], clock.wall())
    clock.step(3600)
    assert escalator.escalate([event], clock.wall()) == ()
    clock.step(-7200)
    clock.advance(61)
    assert escalator.escalate([event], clock.wall()) == ("hall-1",)


def test_a_restart_neither_forgets_the_time_nor_tells_twice(queue, escalator_of, event, clock):
    rule = Escalation(60.0, ("boss",))
    escalator_of(rule).escalate([event], clock.wall())
    clock.advance(61)
    assert escalator_of(rule).escalate([event], clock.wall()) == ("hall-1",)
    assert escalator_of(rule).escalate([event], clock.wall()) == ()
    assert sinks(queue) == ["boss"]


def test_an_event_that_is_gone_is_forgotten(escalator_of, event, clock):
    escalator = escalator_of(Escalation(60.0, ("boss",)))
    escalator.escalate([event], clock.wall())
    escalator.escalate([], clock.wall())
    clock.advance(30)
    later = replace(event, confirmed=event.confirmed + timedelta(seconds=30))
    assert escalator.escalate([later], clock.wall()) == ()
    clock.advance(40)
    assert escalator.escalate([later], clock.wall()) == ()


@pytest.mark.parametrize("values", [{"after": -1.0, "to": ("boss",)}, {"to": ()}, {"to": ("",)}, {}, {"to": "boss"}])
def test_rules_that_cannot_be_are_told(values):
    with pytest.raises(OptionError):
        Escalation(**values)
