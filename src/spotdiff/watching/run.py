"""The run of a watch: frames of every source to its station, until the end or a stop."""

from __future__ import annotations

import uuid
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from spotdiff.errors import LoadError, OptionError
from spotdiff.methods import get_method
from spotdiff.video import open_feed, source_name
from spotdiff.watching.alerts import SystemClock
from spotdiff.watching.post import Addresses, Post
from spotdiff.watching.rounds import Rounds, retention_of
from spotdiff.watching.rules import read_rules, rules_of, with_settings
from spotdiff.watching.rules.calendar import MachineZone
from spotdiff.watching.scene.judge import Judge
from spotdiff.watching.state import WatchState
from spotdiff.watching.station import Station
from spotdiff.watching.store import StoreDown, mend, open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime, tzinfo

    from spotdiff.video import Frame
    from spotdiff.watching.desk import Listener
    from spotdiff.watching.rules import Rules
    from spotdiff.watching.values import Event

_WAIT = 0.05  # seconds that a live source is waited for before the next has its turn
_LONG_WAIT = 5.0  # seconds that a film's next frame is waited for at a time
_FLUSH = 30.0  # seconds that messages may take after the end of a replay


class Watch:
    """A watch at work; use it in a `with` block.

    Args:
        rules: What is asked of it.
        replay: Play films and folders as fast as it goes, by their own clock, each frame of them: the same events
            each time.
        start: When a film that does not say so begins.
        speed: How many times faster than real a film is played that is not replayed.
        listener: Called with every event that changes, and with what became of it: opened, amended, acknowledged,
            closed.

    Raises:
        OptionError: a rule cannot be.
        LoadError: a source cannot be opened.
        DataError: the store cannot be used.
    """

    def __init__(
        self,
        rules: Rules,
        *,
        replay: bool = False,
        start: datetime | None = None,
        speed: float = 1.0,
        listener: Listener = lambda event, change: None,
    ) -> None:
        self.rules, self._replay, self._listener = rules, replay, listener
        addresses = Addresses.of(rules)
        self.post = Post(rules, addresses)
        if "://" not in rules.store:
            Path(rules.store).parent.mkdir(parents=True, exist_ok=True)
        self.store = open_store(
            rules.store,
            folder=Path(rules.evidence) if rules.evidence else None,
            reserve_mb=rules.reserve_mb,
            retention=retention_of(rules),
            letters=self.post.letters,
        )
        self.stations: list[Station] = []
        try:
            mend(self.store)
            self._open_stations(start, speed)
            self.post.open(self.store)
        except BaseException:
            self.close()
            raise
        self.rounds = Rounds(self.store, self.post, rules, SystemClock(), escalates=not replay)
        self._opened: Counter[tuple[str, str]] = Counter()
        self.broken: list[str] = []  # why films and folders ended before their end

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(
        self, *, until: Callable[[], bool] = lambda: False, show: Callable[[WatchState], None] = lambda state: None
    ) -> None:
        """Watch until every source has ended or `until` says so; `show` is called about once a second."""
        for due in self.steps(until=until):
            if due:
                show(self.state())

    def steps(self, *, until: Callable[[], bool] = lambda: False) -> Iterator[bool]:
        """Watch step by step; about once a second a step is True, for who shows the state."""
        for _ in self._replayed(until) if self._replay else self._lived(until):
            due = self.rounds.make()
            if due and not self._replay:
                self._follow()
            yield due

    def state(self) -> WatchState:
        """How the watch is doing."""
        cameras = tuple(station.state() for station in self.stations)
        return WatchState(cameras, dict(self._opened), self.post.counts, self.store.waiting, self.rounds.database_down)

    def close(self) -> None:
        """Write down what is known and let go of everything."""
        with ExitStack() as last:
            last.callback(self.store.close)
            last.callback(self.post.close, wait=_FLUSH if self._replay else 2.0)
            for station in self.stations:
                last.callback(station.close)

    def _open_stations(self, start: datetime | None, speed: float) -> None:
        zone = time_zone(self.rules.timezone)
        options = self.rules.options
        judge = Judge(get_method(options.method, options.settings), options)
        boot = "replay" if self._replay else uuid.uuid4().hex
        for camera in self.rules.cameras.values():
            feed = open_feed(
                camera.source,
                name=camera.name,
                fps=camera.fps,
                replay=self._replay,
                speed=0.0 if self._replay else speed,
                start=start,
                order=camera.order,
                grows=camera.grows and not self._replay,
                every=camera.every,
                patience=camera.patience,
            )
            try:
                station = Station(
                    camera, self.rules, feed, self.store, judge=judge, zone=zone, boot=boot, listener=self._heard
                )
            except BaseException:
                feed.close()
                raise
            self.stations.append(station)

    def _heard(self, event: Event, change: str) -> None:
        if change == "opened":
            self._opened[event.camera, event.kind] += 1
        self._listener(event, change)

    def _replayed(self, until: Callable[[], bool]) -> Iterator[None]:
        """Frames of all sources in the order of their own clocks."""
        ahead: dict[int, Frame] = {}
        while not until():
            for place, station in enumerate(self.stations):
                while place not in ahead and not station.feed.ended and not until():
                    frame = self._next(station, _LONG_WAIT)
                    if frame is not None:
                        ahead[place] = frame
            if not ahead:
                return
            place = min(ahead, key=lambda one: (ahead[one].wall, one))
            self.stations[place].take(ahead.pop(place))
            yield

    def _lived(self, until: Callable[[], bool]) -> Iterator[None]:
        """Frames as they come, each source in its turn."""
        while not until() and not all(station.feed.ended for station in self.stations):
            for station in self.stations:
                frame = self._next(station, _WAIT / len(self.stations))
                if frame is not None:
                    station.take(frame)
                elif station.feed.live:
                    station.silent()
            yield

    def _next(self, station: Station, wait: float) -> Frame | None:
        """A station's next frame; a film that breaks off ends its own station and no other."""
        try:
            return station.feed.next(timeout=wait)
        except LoadError as error:
            self.broken.append(str(error))
            self.store.journal("source", str(error), station.camera.name)
            return None

    def _follow(self) -> None:
        """See to what people said of the events meanwhile."""
        try:
            for station in self.stations:
                station.desk.follow()
        except StoreDown as down:
            self.rounds.database_down = str(down)


def time_zone(name: str) -> tzinfo:
    """The time zone of a name such as `Europe/Berlin`; the machine's for "".

    Raises:
        OptionError: there is none of that name.
    """
    if not name:
        return MachineZone()
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise OptionError(f"timezone: there is no {name!r}; write a name such as Europe/Berlin") from None


def watch(
    *sources: str,
    rules: str | Path | None = None,
    store: str | None = None,
    replay: bool = False,
    start: datetime | None = None,
    **settings: object,
) -> Iterator[Event]:
    """Watch a place over time; every event each time that it changes.

    Args:
        sources: Folders of pictures, films, numbers of webcams, addresses of streams.
        rules: A file of rules instead, which names its cameras.
        store: Where events are kept: a file, or postgresql://...; `watch/events.db` when None.
        replay: As fast as it goes, by the films' own clocks; the iterator then ends.
        start: When a film begins that does not say so.
        settings: Other settings of `spotdiff.watching.rules.Rules` by name, such as `keep_days`.

    Returns:
        An iterator; frames are looked at while it is asked for the next event. Close it to stop. A script needs the
        usual `if __name__ == "__main__":`, since sources are decoded in processes of their own.

    Raises:
        OptionError: a rule cannot be.
        LoadError: a source cannot be opened.
        DataError: the store cannot be used.
    """
    if bool(sources) == (rules is not None):
        raise OptionError("watch takes sources, or a file of rules that names them")
    asked = read_rules(rules) if rules is not None else rules_of(sources, names=[source_name(one) for one in sources])
    given = settings if store is None else settings | {"store": store}
    heard: list[Event] = []
    work = Watch(with_settings(asked, given), replay=replay, start=start, listener=lambda event, _: heard.append(event))
    return _each(work, heard)


def _each(work: Watch, heard: list[Event]) -> Iterator[Event]:
    with work:
        for _ in work.steps():
            yield from heard
            heard.clear()
    yield from heard
