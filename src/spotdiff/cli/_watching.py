"""The verb `watch` at work: rules from the command line, lines of JSON, what the terminal shows."""

from __future__ import annotations

import json
import shlex
import signal
import sys
from collections import Counter, deque
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from spotdiff.cli._patient_output import PatientOutput
from spotdiff.cli._terminal import say
from spotdiff.errors import OptionError
from spotdiff.presets import preset_options
from spotdiff.shown_text import printable
from spotdiff.video import source_name, without_password
from spotdiff.watching.event_texts import record_of
from spotdiff.watching.metrics import Metrics
from spotdiff.watching.rules import Rules, Zone, read_rules, rules_of, with_settings
from spotdiff.watching.rules.schedule import seconds_of
from spotdiff.watching.run import Watch
from spotdiff.watching.validate_rules import problems

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import FrameType

    from spotdiff.options import OptionValues
    from spotdiff.watching.event import Event
    from spotdiff.watching.status import WatchStatus

_LATEST = 8  # events that the terminal shows
_OF_PRESETS = ("method", "settings", "sensitivity", "light")  # a watch holds its pictures still and joins by itself


def rules_from(
    sources: Sequence[str],
    file: str | None,
    given: Mapping[str, object],
    *,
    fps: float | None,
    dwell: str | None,
    grows: bool = False,
    preset: str | None = None,
) -> Rules:
    """The rules of a file, or of sources alone, with what the command line says on top.

    Raises:
        OptionError: there are neither or both, a value cannot be, or a preset is given beside a file.
    """
    if file and preset:
        raise OptionError(f"--preset is for sources without a file; write its options into {file}, table [compare]")
    if bool(sources) == bool(file):
        raise OptionError("watch takes sources, or a file of rules that names them: --rules FILE.toml")
    rules = read_rules(file) if file else rules_of(sources, names=[source_name(source) for source in sources])
    rules = with_settings(rules, given)
    if preset is not None:
        suited = {name: value for name, value in preset_options(preset).items() if name in _OF_PRESETS}
        rules = replace(rules, options=rules.options.changed(**cast("OptionValues", suited)))
    camera_settings: dict[str, Any] = {} if fps is None else {"fps": fps}
    if grows:
        camera_settings["grows"] = True
    rules = replace(rules, cameras={name: replace(camera, **camera_settings) for name, camera in rules.cameras.items()})
    if dwell is not None:
        zones = rules.zones or {"": Zone("")}
        seconds = seconds_of(dwell)
        rules = replace(rules, zones={name: replace(zone, dwell=seconds) for name, zone in zones.items()})
    return rules


class Run:
    """A watch run from the command line.

    Args:
        rules: Its rules.
        replay: As fast as it goes, by the film's own clock.
        start: When a film begins that does not say so; UTC.
        json_to: File for the JSON lines, - for standard output, or None.
        live: Folder of the latest pictures and the status, or None.
        quiet: Say nothing.
    """

    def __init__(
        self,
        rules: Rules,
        *,
        replay: bool,
        start: datetime | None,
        json_to: str | None,
        live: str | None,
        quiet: bool,
    ) -> None:
        self._rules, self._replay = rules, replay
        self._start = start.replace(tzinfo=UTC) if start is not None and start.tzinfo is None else start
        self._json_to, self._quiet = json_to, quiet
        self._live = None if live is None else Path(live)
        self._people = _standard_output(err=json_to == "-")
        self._lines: PatientOutput | None = None
        self._reported: list[str] = []  # troubles that stand and have been told
        self._watch: Watch | None = None
        self._stopped = False
        self._view: View | None = None
        self._metrics: Metrics | None = None
        self._kinds: Counter[str] = Counter()

    def go(self) -> int:
        """Watch until the sources end or somebody stops it.

        Returns:
            0, or 2 where not everything was looked at, judged, kept and written.
        """
        with ExitStack() as outputs:
            if self._json_to == "-":
                self._lines = _standard_output(err=False)
            elif self._json_to is not None:
                self._lines = outputs.enter_context(_lines_of(self._json_to))
            watch = self._watch_on()
            self._echo(self._summary())
            failures = [*watch.failures, *self._unwritten()]
            self._say(failures)
        return 2 if failures else 0

    def _watch_on(self) -> Watch:
        """Watch until the end; the watch, closed."""
        with ExitStack() as stack:
            stack.callback(self._catch_signals())
            watch = self._watch = stack.enter_context(
                Watch(self._rules, replay=self._replay, start=self._start, listener=self._changed, live=self._live)
            )
            if self._rules.metrics:
                self._metrics = Metrics()
                self._metrics.serve(self._rules.metrics)
                stack.callback(self._metrics.close)
            if sys.stderr.isatty() and not self._quiet:
                self._view = stack.enter_context(View())
            watch.run(until=lambda: self._stopped, show=self._show)
        return watch

    def _changed(self, event: Event, change: str) -> None:
        if self._lines is not None:
            self._lines.write(json.dumps(record_of(event), ensure_ascii=False))
        if change == "opened":
            self._kinds[event.kind] += 1
        if self._view is not None:
            self._view.add(event, change)
        elif self._json_to != "-":
            self._echo(change_line(event, change))

    def _unwritten(self) -> list[str]:
        """Why lines wait to be written, after one more try."""
        outputs = [self._people, *([self._lines] if self._lines is not None else [])]
        for output in outputs:
            output.catch_up()
        return [output.trouble for output in outputs if output.trouble]

    def _say(self, troubles: Sequence[str]) -> None:
        """Tell what is wrong, each thing once for as long as it is so."""
        for trouble in troubles:
            if trouble not in self._reported:
                with suppress(OSError):  # nobody can be told
                    say(f"spotdiff: {trouble}", err=True)
        self._reported = list(troubles)

    def _show(self, status: WatchStatus) -> None:
        if self._watch is not None:
            self._say([*self._watch.troubles, *self._unwritten()])
        if self._metrics is not None:
            self._metrics.status = status
        if self._view is not None:
            self._view.show(status)

    def _summary(self) -> str:
        total = sum(self._kinds.values())
        kinds = ", ".join(f"{number} {kind}" for kind, number in sorted(self._kinds.items()))
        return f"{total} event{'' if total == 1 else 's'}{': ' + kinds if kinds else ''}. See: {self._where()}"

    def _where(self) -> str:
        """The command that lists the events."""
        rules, plain = self._rules, Rules({})
        named = "" if rules.store == plain.store else f" --store {shlex.quote(without_password(rules.store))}"
        return f"spotdiff events list{named}" + (f" --evidence {shlex.quote(rules.evidence)}" if rules.evidence else "")

    def _echo(self, text: str) -> None:
        if not self._quiet:
            self._people.write(printable(text))

    def _catch_signals(self) -> Callable[[], object]:
        """Have the first signal end the watch in order, the second at once; gives what undoes this."""

        def stop(number: int, frame: FrameType | None) -> None:
            if self._stopped:
                raise KeyboardInterrupt
            self._stopped = True

        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        return lambda: [signal.signal(number, handler) for number, handler in before.items()]


def _standard_output(*, err: bool) -> PatientOutput:
    """Standard output, or standard error."""
    stream = sys.stderr if err else sys.stdout
    name = "standard error" if err else "standard output"
    return PatientOutput(name, partial(click.echo, file=stream), stream.flush)


@contextmanager
def _lines_of(path: str) -> Iterator[PatientOutput]:
    """A file that lines are added to, which is closed though it may be full.

    Raises:
        OSError: it cannot be opened.
    """
    file = Path(path).open("a", encoding="utf-8")  # noqa: SIM115 (closing it may fail, and that was told by then)
    try:
        yield PatientOutput(path, lambda line: file.write(line + "\n"), file.flush)
    finally:
        with suppress(OSError):
            file.close()


def change_line(event: Event, change: str) -> str:
    """A line for a change of an event: when it was sure, or when it ended, which, and the event in words.

    Examples:
        >>> from spotdiff.watching.event import Event
        >>> noon = datetime(2024, 3, 1, 12, tzinfo=UTC)
        >>> event = Event("hall-1", "hall", "left", "closed", "", None, noon, noon, 1.0, "Left.", closed=noon)
        >>> change_line(replace(event, closed=noon.replace(minute=5)), "closed")
        '2024-03-01 12:05:00  closed       hall-1  Left.'
    """
    when = event.closed if change == "closed" and event.closed else event.confirmed
    return f"{when:%Y-%m-%d %H:%M:%S}  {change:<12} {event.id or event.camera}  {event.text}"


def checked(rules: Rules) -> int:
    """Say what is wrong with the rules, the sources and the store; 0 when nothing is, else 2."""
    lines = problems(rules)
    for problem in lines:
        say(problem)
    if not lines:
        zones, cameras = len(rules.zones), len(rules.cameras)
        say(f"All is well: {cameras} camera{'s' * (cameras != 1)}, {zones} zone{'s' * (zones != 1)}.")
    return 2 if lines else 0


class View:
    """A picture of the watch in the terminal; use it in a `with` block.

    Args:
        console: Where it is drawn; on standard error when None.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._live = Live(console=console or Console(stderr=True), auto_refresh=False, transient=True)
        self._latest: deque[str] = deque(maxlen=_LATEST)

    def __enter__(self) -> View:
        self._live.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.__exit__(None, None, None)

    def add(self, event: Event, change: str) -> None:
        """An event has changed."""
        self._latest.append(change_line(event, change))

    def show(self, status: WatchStatus) -> None:
        """Bring the picture up to date."""
        parts: list[RenderableType] = [_cameras(status), _open(status), _text("\n".join(self._latest))]
        waiting = sum(number for (_, state), number in status.messages.items() if state == "waiting")
        if waiting:
            parts.append(_text(f"{waiting} messages wait to be delivered", style="yellow"))
        if status.store_trouble:
            parts.append(_text(f"{status.store_trouble}; {status.store_waiting} changes wait", style="red"))
        self._live.update(Group(*parts), refresh=True)


def _cameras(status: WatchStatus) -> Table:
    table = Table("Camera", "State", "Frames a second", "Frames", "Dropped", "Open", box=None, pad_edge=False)
    for camera in status.cameras:
        condition = (
            _text(camera.method_trouble or "well", style="red" if camera.method_trouble else "green")
            if camera.connected
            else _text(camera.trouble or "no picture", style="red")
        )
        counts = f"{camera.frames:,}", f"{camera.dropped:,}", str(len(camera.open))
        table.add_row(_text(camera.name), condition, f"{camera.fps:.1f}", *counts)
    return table


def _open(status: WatchStatus) -> Table:
    table = Table("Open", "Since", "What", box=None, pad_edge=False)
    for camera in status.cameras:
        for event in camera.open:
            table.add_row(_text(event.id), f"{event.first_seen:%Y-%m-%d %H:%M}", _text(event.text))
    return table


def _text(text: str, style: str = "") -> Text:
    return Text(printable(text), style=style)
