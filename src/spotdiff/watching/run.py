"""The run of a watch: frames of every source to the monitor of its camera, until the end or a stop."""

from __future__ import annotations

import uuid
from collections import Counter, deque
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Unpack, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from spotdiff.errors import LoadError, MethodError, OptionError
from spotdiff.params import shows_fields
from spotdiff.video import open_feed, source_name
from spotdiff.watching.alerts import SystemClock
from spotdiff.watching.alerts.router import AlertRouter, Routes
from spotdiff.watching.camera_monitor import CameraMonitor
from spotdiff.watching.events import StoreDown, clean_up, open_store
from spotdiff.watching.housekeeping import Housekeeping, retention_of
from spotdiff.watching.live_folder import write_live
from spotdiff.watching.rules import Rules, WatchSettings, read_rules, rules_of, with_settings
from spotdiff.watching.rules.schedule import MachineZone
from spotdiff.watching.scene.isolated_judge import tried_judge
from spotdiff.watching.status import WatchStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime, tzinfo

    from spotdiff.video import Frame
    from spotdiff.watching.event import Event
    from spotdiff.watching.event_recorder import Listener

_WAIT = 0.05  # seconds that a live source is waited for before the next has its turn
_LONG_WAIT = 5.0  # seconds that a film's next frame is waited for at a time
_FLUSH = 30.0  # seconds that messages may take after the end of a replay


class Watch:
    """A watch at work; use it in a `with` block.

    Args:
        rules: Its rules.
        replay: Play films and folders as fast as it goes, by their own clock, each frame of them: the same events
            each time.
        start: When a film that does not say so begins.
        listener: Called with every event that changes, and with what became of it: opened, amended, acknowledged,
            closed; unkept where a new one cannot be written anywhere now, which has no id. It may raise what it likes:
            that ends the run, and nothing is lost by it.
        live: A folder in which the latest pictures and the status are kept, written anew once a second; None for none.

    Raises:
        OptionError: a rule cannot be.
        LoadError: a source cannot be opened.
        DataError: the store cannot be used.
        MethodError: the method fails on two small pictures.
    """

    def __init__(
        self,
        rules: Rules,
        *,
        replay: bool = False,
        start: datetime | None = None,
        listener: Listener = lambda event, change: None,
        live: Path | None = None,
    ) -> None:
        self.rules, self._replay, self._listener, self._live = rules, replay, listener, live
        self.router = AlertRouter(rules, Routes.from_rules(rules))
        if "://" not in rules.store:
            Path(rules.store).parent.mkdir(parents=True, exist_ok=True)
        self.store = open_store(
            rules.store,
            folder=Path(rules.evidence) if rules.evidence else None,
            reserve_mb=rules.reserve_mb,
            retention=retention_of(rules),
            deliveries=self.router.deliveries,
        )
        self.monitors: list[CameraMonitor] = []
        self._opened: Counter[tuple[str, str]] = Counter()
        self._changes: deque[tuple[Event, str]] = deque()  # that the listener is still to be told of
        self.broken: list[str] = []  # why films and folders ended before their end
        try:
            clean_up(self.store)
            self._open_monitors(start)
            self.router.open(self.store)
            self.housekeeping = Housekeeping(self.store, self.router, rules, SystemClock(), escalates=not replay)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(
        self, *, until: Callable[[], bool] = lambda: False, show: Callable[[WatchStatus], None] = lambda status: None
    ) -> None:
        """Watch until every source has ended or `until` says so; `show` is called about once a second."""
        for due in self.steps(until=until):
            if due:
                show(self.status())

    def steps(self, *, until: Callable[[], bool] = lambda: False) -> Iterator[bool]:
        """Watch step by step; about once a second a step is True, for who shows the status.

        Raises:
            MethodError: the method fails for every camera of a replay. What is live is watched on, as the method may
                work again, and the camera's health and intrusions need none.
        """
        for _ in self._replay_frames(until) if self._replay else self._live_frames(until):
            self._tell()
            if self._replay:
                self._check_method()
            due = self.housekeeping.run_due()
            if due and not self._replay:
                self._follow()
                self._tell()
            if due and self._live is not None:
                self._write_live(self._live)
            yield due

    @property
    def unjudged(self) -> list[str]:
        """For each camera of which the method gives no answers, why."""
        return [f"camera {each.camera.name}: {each.judge.trouble}" for each in self.monitors if each.judge.trouble]

    @property
    def failures(self) -> list[str]:
        """Why not everything was looked at, judged and kept: a line each, [] where it was."""
        lines = [*self.broken, *self.unjudged]
        for each in self.monitors:
            lines += [f"camera {each.camera.name}: {why}" for why in (each.failed, each.recorder.unkept) if why]
        return lines

    @property
    def troubles(self) -> list[str]:
        """What a person ought to know of just now: failures, and what the store cannot do."""
        return [*self.failures, *filter(None, [self.housekeeping.database_down, self.store.evidence_trouble])]

    def status(self) -> WatchStatus:
        """How the watch is doing."""
        cameras = tuple(monitor.status() for monitor in self.monitors)
        return WatchStatus(
            cameras, dict(self._opened), self.router.counts, self.store.waiting, self.housekeeping.database_down
        )

    def close(self) -> None:
        """Write down what is known and let go of everything."""
        with ExitStack() as last:
            last.callback(self.store.close)
            last.callback(self.router.close, wait=_FLUSH if self._replay else 2.0)
            last.callback(self._tell)
            for monitor in self.monitors:
                last.callback(monitor.close)

    def _open_monitors(self, start: datetime | None) -> None:
        zone = time_zone(self.rules.timezone)
        options = self.rules.options
        judge = tried_judge(options)
        boot = "replay" if self._replay else uuid.uuid4().hex
        for camera in self.rules.cameras.values():
            feed = open_feed(
                camera.source,
                name=camera.name,
                fps=camera.fps,
                replay=self._replay,
                speed=0.0 if self._replay else 1.0,
                start=start,
                order=camera.order,
                grows=camera.grows and not self._replay,
                every=camera.every,
                patience=camera.patience,
            )
            try:
                monitor = CameraMonitor(
                    camera, self.rules, feed, self.store, judge=judge, zone=zone, boot=boot, listener=self._changed
                )
            except BaseException:
                feed.close()
                raise
            self.monitors.append(monitor)

    def _check_method(self) -> None:
        if all(monitor.judge.trouble for monitor in self.monitors):
            why = self.monitors[0].judge.trouble
            raise MethodError(f"no camera can be watched: {why}; mend the method, or choose another under [compare]")

    def _changed(self, event: Event, change: str) -> None:
        if change == "opened":
            self._opened[event.camera, event.kind] += 1
        self._changes.append((event, change))

    def _tell(self) -> None:
        """Tell the listener what has changed; not while a frame is seen to, so that no fault of its own is in that."""
        while self._changes:
            self._listener(*self._changes.popleft())

    def _replay_frames(self, until: Callable[[], bool]) -> Iterator[None]:
        """Frames of all sources in the order of their own clocks."""
        next_frames: dict[int, Frame] = {}
        while not until():
            for index, monitor in enumerate(self.monitors):
                while index not in next_frames and not monitor.feed.ended and not until():
                    frame = self._next(monitor, _LONG_WAIT)
                    if frame is not None:
                        next_frames[index] = frame
            if not next_frames:
                return
            index = min(next_frames, key=lambda index: (next_frames[index].wall, index))
            self._see(self.monitors[index], next_frames.pop(index))
            yield

    def _live_frames(self, until: Callable[[], bool]) -> Iterator[None]:
        """Frames as they come, each source in its turn."""
        while not until() and not all(monitor.feed.ended for monitor in self.monitors):
            for monitor in self.monitors:
                frame = self._next(monitor, _WAIT / len(self.monitors))
                if frame is not None:
                    self._see(monitor, frame)
                elif monitor.feed.live:
                    monitor.attempt(monitor.check_silence)
            yield

    def _see(self, monitor: CameraMonitor, frame: Frame) -> None:
        monitor.attempt(lambda: monitor.process(frame))

    def _next(self, monitor: CameraMonitor, wait: float) -> Frame | None:
        """A monitor's next frame; a film that breaks off ends its own monitor and no other."""
        try:
            return monitor.feed.next(timeout=wait)
        except LoadError as error:
            self.broken.append(str(error))
            self.store.journal("source", str(error), monitor.camera.name)
            return None

    def _write_live(self, folder: Path) -> None:
        frames = {each.camera.name: each.latest for each in self.monitors if each.latest is not None}
        with suppress(OSError):  # a full disk: what is shown stays old, and says how old
            write_live(folder, self.status(), frames)

    def _follow(self) -> None:
        """Take over what people said of the events meanwhile."""
        try:
            for monitor in self.monitors:
                monitor.recorder.follow()
        except StoreDown as down:
            self.housekeeping.database_down = str(down)


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


@shows_fields(Rules, WatchSettings)
def watch(
    *sources: str,
    rules: str | Path | None = None,
    store: str | None = None,
    replay: bool = False,
    start: datetime | None = None,
    **settings: Unpack[WatchSettings],
) -> Iterator[Event]:
    """Watch a place over time; every event each time that it changes.

    Args:
        sources: Folders of pictures, films, numbers of webcams, addresses of streams.
        rules: A file of rules instead, which names its cameras.
        store: Where events are kept: a file, or postgresql://...; `watch/events.db` when None.
        replay: As fast as it goes, by the films' own clocks; the iterator then ends.
        start: When a film begins that does not say so.
        settings: Settings of the whole watch by name, such as `keep_days`, in place of those of the file; see
            `spotdiff.watching.rules.Rules`.

    Returns:
        An iterator; frames are looked at while it is asked for the next event. Close it to stop. A script needs the
        usual `if __name__ == "__main__":`, since sources are decoded in processes of their own.

    Raises:
        OptionError: a rule cannot be.
        LoadError: a source cannot be opened.
        DataError: the store cannot be used.
        MethodError: the method fails, at the start or for every camera.
    """
    if bool(sources) == (rules is not None):
        raise OptionError("watch takes sources, or a file of rules that names them")
    chosen = rules_of(sources, names=[source_name(each) for each in sources]) if rules is None else read_rules(rules)
    chosen = with_settings(chosen, {**settings, **({} if store is None else {"store": store})})
    changed: list[Event] = []
    running = Watch(chosen, replay=replay, start=start, listener=lambda event, _: changed.append(event))
    events = _events(running, changed)
    next(events)  # a generator that never began would not close the watch with itself
    return cast("Iterator[Event]", events)


def _events(running: Watch, changed: list[Event]) -> Iterator[Event | None]:
    with running:
        yield None
        for _ in running.steps():
            yield from changed
            changed.clear()
    yield from changed
