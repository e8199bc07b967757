from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from spotdiff.errors import OptionError
from spotdiff.http_delivery import LONGEST_PAUSE, backoff
from spotdiff.watching.alerts import DeliveryWorker
from spotdiff.watching.alerts.worker import TRIES_WITH_PICTURE
from spotdiff.watching.events.schema import outbox as table

POLL = 0.005


@pytest.fixture
def worker_of(queue):
    """Workers that look into the queue all the time; all are closed in the end."""
    made = []

    def make(*sinks, **how):
        made.append(DeliveryWorker(queue, sinks, **{"poll": POLL, **how}))
        made[-1].start()
        return made[-1]

    yield make
    for worker in made:
        worker.close(grace=0.05)


@pytest.fixture
def fail(wait_until):
    """Let a sink that has always been down be tried `times` times more, the clock moved from pause to pause."""

    def play(worker, sink, clock, times):
        (channel,) = worker._channels
        for _ in range(times):
            assert wait_until(lambda: channel.failures == len(sink.asked) > 0 and not channel.busy)
            before = len(sink.asked)
            clock.advance(LONGEST_PAUSE)
            assert wait_until(lambda before=before: channel.failures > before and not channel.busy)

    return play


def test_deliveries_arrive_in_order_with_their_keys(queue, worker_of, memory, make_message):
    for number in range(20):
        queue.put(make_message(number), ["memory"])
    worker = worker_of(memory)
    queue.put(make_message(20), ["memory", "nobody"])
    assert worker.flush(10)
    assert memory.keys == [f"hall-{number}/opened/memory/text" for number in range(21)]
    assert memory.taken[3][1] == make_message(3)
    assert queue.counts() == {("memory", "sent"): 21, ("nobody", "waiting"): 1}


def test_a_sink_that_hangs_stops_no_other(queue, worker_of, memory, make_stuck, make_message, clock, wait_until):
    stuck = make_stuck()
    worker = worker_of(stuck, memory, timeout=30.0)
    for number in range(5):
        queue.put(make_message(number), ["stuck", "memory"])
    assert wait_until(lambda: len(memory.keys) == 5)
    assert stuck.asked == ["hall-0/opened/stuck/text"]
    clock.advance(31)
    assert wait_until(lambda: queue.head("stuck").tries == 1)
    assert queue.head("stuck").error == "gave no answer within 30 s"
    assert wait_until(lambda: [channel.failures for channel in worker._channels] == [1, 0])
    assert not worker.flush(0.05)


def test_an_answer_that_came_too_late_counts(queue, worker_of, make_stuck, make_message, clock, wait_until):
    stuck = make_stuck()
    worker = worker_of(stuck, timeout=30.0)
    queue.put(make_message(), ["stuck"])
    assert wait_until(lambda: stuck.asked)
    clock.advance(31)
    assert wait_until(lambda: queue.head("stuck").tries == 1)
    stuck.go.set()
    assert wait_until(lambda: not [thread for thread in threading.enumerate() if thread.name == "alert to stuck"])
    clock.advance(10)
    assert worker.flush(10)
    assert stuck.asked == ["hall-1/opened/stuck/text"]


def test_calls_that_hang_do_not_pile_up(queue, worker_of, make_stuck, make_message, clock, wait_until):
    stuck = make_stuck()
    worker_of(stuck, timeout=30.0)
    queue.put(make_message(), ["stuck"])

    def waits_in_vain():
        clock.advance(31)
        return queue.head("stuck").tries >= 7

    assert wait_until(waits_in_vain)
    assert len(stuck.asked) == 3
    assert "still busy" in queue.head("stuck").error


def test_pauses_grow_to_ten_minutes_and_vary():
    assert [backoff(n, 0.5) for n in range(1, 13)] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]
    assert backoff(5, 0.0) < backoff(5, 0.4) < backoff(5, 1.0)
    assert all(1.0 <= backoff(n, chance) <= LONGEST_PAUSE for n in (1, 7, 2000) for chance in (0.0, 1.0))


def test_a_sink_that_is_down_is_tried_again_after_its_pause(
    queue, worker_of, memory, make_message, clock, down, wait_until
):
    memory.down.append(down("no route"))
    worker = worker_of(memory)
    queue.put(make_message(1), ["memory"])
    queue.put(make_message(2), ["memory"])
    assert wait_until(lambda: queue.head("memory").tries == 1)
    for _ in range(20):
        worker.wake()
    assert not worker.flush(0.1)
    assert memory.asked == ["hall-1/opened/memory/text"], "neither again before its pause, nor what is behind it"
    memory.down.clear()
    clock.advance(2)
    assert worker.flush(10)
    assert memory.keys == ["hall-1/opened/memory/text", "hall-2/opened/memory/text"]
    assert [channel.failures for channel in worker._channels] == [0]


def test_an_hour_down_loses_nothing(queue, worker_of, memory, make_message, clock, down, fail):
    memory.down.append(down("no route"))
    worker = worker_of(memory)
    for number in range(50):
        queue.put(make_message(number), ["memory"])
    fail(worker, memory, clock, 7)
    assert queue.head("memory").tries in (7, 8)
    memory.down.clear()
    clock.advance(LONGEST_PAUSE)
    assert worker.flush(10)
    assert memory.keys == [f"hall-{number}/opened/memory/text" for number in range(50)]


@pytest.mark.parametrize("hours", [1, -1, -24 * 365 * 50])
def test_a_stepped_wall_neither_loses_nor_delays(
    queue, worker_of, memory, make_message, clock, down, wait_until, hours
):
    memory.down.append(down("no route"))
    worker = worker_of(memory)
    queue.put(make_message(1), ["memory"])
    assert wait_until(lambda: queue.head("memory").tries == 1)
    queue.put(make_message(2), ["memory"])
    clock.step(hours * 3600)
    queue.put(make_message(3), ["memory"])
    memory.down.clear()
    clock.advance(1.5)
    assert worker.flush(10)
    assert memory.keys == [f"hall-{number}/opened/memory/text" for number in (1, 2, 3)]


@pytest.mark.parametrize("hours", [0, 1, -1])
def test_a_restart_keeps_the_pause_but_believes_no_stepped_wall(queue, worker_of, memory, make_message, clock, hours):
    queue.put(make_message(), ["memory"])
    queue.reschedule(queue.head("memory"), seconds=1.2, reason="no route")
    clock.step(hours * 3600)
    worker = worker_of(memory)
    assert worker.flush(0.1) == (hours == 1)
    clock.advance(1.3)
    assert worker.flush(10)


def test_dead_deliveries_after_two_days(queue, worker_of, memory, make_message, clock, down, fail):
    memory.down.append(down("no route"))
    worker = worker_of(memory)
    queue.put(make_message(1), ["memory"])
    fail(worker, memory, clock, 8)
    clock.advance(47 * 3600 - 8 * LONGEST_PAUSE)
    queue.put(make_message(2), ["memory"])
    fail(worker, memory, clock, 1)
    assert queue.dead() == ()
    clock.advance(3600)
    fail(worker, memory, clock, 1)
    assert [(delivery.message.event, delivery.error) for delivery in queue.dead()] == [("hall-1", "no route")]
    memory.down.clear()
    clock.advance(LONGEST_PAUSE)
    assert worker.flush(10)
    assert memory.keys == ["hall-2/opened/memory/text"]


def test_a_wall_that_leaps_ahead_buries_nothing_at_once(queue, worker_of, memory, make_message, clock, down, fail):
    memory.down.append(down("no route"))
    worker = worker_of(memory)
    queue.put(make_message(), ["memory"])
    clock.step(50 * 365 * 24 * 3600)
    fail(worker, memory, clock, 5)
    assert queue.dead() == ()


def test_a_final_refusal_is_dead_at_once_and_holds_nothing_up(queue, worker_of, memory, make_message, down, wait_until):
    memory.down.append(down("not like this", final=True))
    worker = worker_of(memory)
    queue.put(make_message(1), ["memory"])
    assert wait_until(queue.dead)
    memory.down.clear()
    queue.put(make_message(2), ["memory"])
    assert worker.flush(10)
    assert [delivery.error for delivery in queue.dead()] == ["not like this"]
    assert memory.keys == ["hall-2/opened/memory/text"]


def test_a_sink_may_ask_to_be_left_alone(queue, worker_of, memory, make_message, clock, down, wait_until):
    memory.down.append(down("too many", retry_after=90.0))
    worker = worker_of(memory)
    queue.put(make_message(), ["memory"])
    assert wait_until(lambda: queue.head("memory").tries == 1)
    memory.down.clear()
    clock.advance(89)
    assert not worker.flush(0.1)
    clock.advance(1.5)
    assert worker.flush(10)


def test_any_mistake_of_a_sink_is_a_failure(queue, worker_of, memory, make_message, wait_until):
    memory.down.append(KeyError("https://me:hunter2@host"))
    worker_of(memory)
    queue.put(make_message(), ["memory"])
    assert wait_until(lambda: queue.head("memory").error)
    assert queue.head("memory").error == "KeyError: 'https://host'"


def test_a_picture_that_is_never_taken_is_left_out(queue, worker_of, memory, make_message, clock, down, fail, still):
    memory.down.append(down("too large"))
    worker = worker_of(memory)
    queue.put(make_message(picture=still), ["memory"])
    fail(worker, memory, clock, TRIES_WITH_PICTURE)
    memory.down.clear()
    clock.advance(LONGEST_PAUSE)
    assert worker.flush(10)
    ((_, told),) = memory.taken
    assert told.picture is None
    assert told.text.endswith("(its picture could not be sent)")


def test_what_waits_goes_on_after_a_restart(queue, worker_of, memory, make_message, clock, down, wait_until):
    memory.down.append(down("no route"))
    first = worker_of(memory)
    queue.put(make_message(1), ["memory"])
    assert wait_until(lambda: queue.head("memory").tries == 1)
    first.close()
    memory.down.clear()
    queue.put(make_message(2), ["memory"])
    clock.advance(2)
    assert worker_of(memory).flush(10)
    assert memory.keys == ["hall-1/opened/memory/text", "hall-2/opened/memory/text"]


def test_it_stops_while_a_sink_hangs_and_another_is_closed(queue, make_stuck, make_message, wait_until):
    stuck, closed = make_stuck(), []

    class Held:
        name = "held"

        def open(self):
            closed.append("opened")

        def send(self, message, key):
            closed.append(key)

        def close(self):
            closed.append("closed")

    with DeliveryWorker(queue, [stuck, Held()], poll=POLL) as worker:
        queue.put(make_message(), ["stuck", "held"])
        assert wait_until(lambda: len(closed) == 2 and stuck.asked)
        worker.close(grace=0.05)
        assert not [thread.name for thread in threading.enumerate() if thread.name == "alerts"]
    assert closed == ["opened", "hall-1/opened/held/text", "closed"]
    assert [delivery.sink for delivery in queue.waiting()] == ["stuck"]


def test_an_answer_while_it_stops_is_noted(queue, make_stuck, make_message, wait_until):
    stuck = make_stuck()
    worker = DeliveryWorker(queue, [stuck], poll=POLL)
    worker.start()
    queue.put(make_message(), ["stuck"])
    assert wait_until(lambda: stuck.asked)
    threading.Timer(0.05, stuck.go.set).start()
    worker.close(grace=10)
    assert queue.idle(["stuck"])


def test_a_database_that_cannot_be_used_for_a_while_stops_nothing(
    queue, engine, worker_of, memory, make_message, clock, wait_until
):
    worker = worker_of(memory)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE outbox RENAME TO away"))
    clock.advance(5)
    assert wait_until(lambda: "no such table" in worker.trouble)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO outbox"))
    clock.advance(5)
    queue.put(make_message(), ["memory"])
    assert worker.flush(10)
    assert worker.trouble == ""


def test_a_letter_that_cannot_be_read_is_told(queue, engine, worker_of, memory, make_message, wait_until):
    queue.put(make_message(), ["memory"])
    with engine.begin() as connection:
        connection.execute(table.update().values(message={"at": "never"}))
    worker = worker_of(memory)
    assert wait_until(lambda: "not a message" in worker.trouble)


def test_mistakes_in_its_use_are_told(queue, make_memory):
    with pytest.raises(OptionError, match="several of twin"):
        DeliveryWorker(queue, [make_memory("twin"), make_memory("twin")])
    worker = DeliveryWorker(queue, [])
    with pytest.raises(ValueError, match="between start and close"):
        worker.flush(0)
    with worker, pytest.raises(ValueError, match="once"):
        worker.start()


DYING = """
import os, signal, sys
from sqlalchemy import create_engine
from spotdiff.watching.alerts import DeliveryWorker, Message, AlertQueue
from datetime import datetime, UTC

class Deadly:
    name = "mail"
    def send(self, message, key):
        with open(sys.argv[2], "a") as file:
            file.write(key + "\\n")
        if message.event == "hall-2":
            os.kill(os.getpid(), signal.SIGKILL)

queue = AlertQueue(create_engine("sqlite:///" + sys.argv[1]))
for number in range(4):
    at = datetime(2026, 3, 1, tzinfo=UTC)
    queue.put(Message(f"hall-{number}", "opened", "left", "hall", "", "t", "t", at, {}), ["mail"])
if sys.argv[3] == "before":
    os.kill(os.getpid(), signal.SIGKILL)
with DeliveryWorker(queue, [Deadly()]) as worker:
    worker.flush(30)
"""


@pytest.mark.parametrize("when", ["before", "amid"])
def test_a_killed_process_loses_nothing(queue, engine, worker_of, make_memory, tmp_path, when):
    log = tmp_path / "sent.txt"
    log.touch()
    database = Path(engine.url.database)
    ended = subprocess.run([sys.executable, "-c", DYING, database, log, when], check=False, timeout=60)
    assert ended.returncode == -9
    before = log.read_text().splitlines()
    mail = make_memory("mail")
    assert worker_of(mail).flush(10)
    expected = [f"hall-{number}/opened/mail/text" for number in range(4)]
    assert before == ([] if when == "before" else expected[:3])
    assert mail.keys == (expected if when == "before" else expected[2:]), "what was under way goes again, same key"
