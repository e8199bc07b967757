"""Puts, failures, restarts and stepped clocks in any order."""

from __future__ import annotations

from itertools import groupby

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spotdiff.http_delivery import LONGEST_PAUSE
from spotdiff.watching.alerts import AlertQueue, DeliveryWorker, SinkDown

POLL = 0.005


class Moody:
    """Fails as told, and remembers."""

    def __init__(self, name, moods, taken):
        self.name, self._moods, self._taken = name, moods, taken

    def send(self, message, key):
        mood = self._moods.pop(0) if self._moods else "well"
        if mood == "fails":
            raise SinkDown("no")
        self._taken.append(key)
        if mood == "takes it but says no":
            raise SinkDown("so it seemed")


STEPS = st.one_of(
    st.tuples(st.just("put"), st.integers(0, 6), st.sampled_from(["opened", "closed"])),
    st.tuples(st.just("fail"), st.sampled_from("ab"), st.sampled_from(["fails", "takes it but says no"])),
    st.tuples(st.just("restart")),
    st.tuples(st.just("advance"), st.floats(0, 700)),
    st.tuples(st.just("step"), st.sampled_from([-3600, 3600])),
)


class Play:
    """A worker with two sinks, to which things happen."""

    def __init__(self, engine, clock):
        self.queue, self.clock, self.put = AlertQueue(engine, clock), clock, []
        self.moods, self.taken = {"a": [], "b": []}, {"a": [], "b": []}
        self.begin()

    def begin(self):
        sinks = [Moody(name, self.moods[name], self.taken[name]) for name in "ab"]
        self.worker = DeliveryWorker(self.queue, sinks, poll=POLL)
        self.worker.start()

    def do(self, step, make_message):
        match step:
            case ("put", number, change):
                self.queue.put(make_message(number, change), ["a", "b"])
                self.put.append(f"hall-{number}/{change}")
            case ("fail", sink, mood):
                self.moods[sink].append(mood)
            case ("restart",):
                self.worker.close(grace=1)
                self.begin()
            case ("advance", seconds):
                self.clock.advance(seconds)
            case ("step", seconds):
                self.clock.step(seconds)

    def finish(self):
        while not self.worker.flush(0.02):
            self.clock.advance(LONGEST_PAUSE)
        self.worker.close(grace=1)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(STEPS, max_size=14))
def test_whatever_happens_each_key_arrives_and_in_order(tmp_path_factory, make_engine, clock, make_message, steps):
    engine = make_engine(tmp_path_factory.mktemp("any") / "store.db")
    play = Play(engine, clock)
    for step in steps:
        play.do(step, make_message)
    play.finish()
    engine.dispose()
    for sink in "ab":
        expected = [f"{key}/{sink}/text" for key in dict.fromkeys(play.put)]
        assert [key for key, _ in groupby(play.taken[sink])] == expected, "again only at once, never after a later one"
