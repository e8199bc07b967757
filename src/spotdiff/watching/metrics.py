"""Prometheus metrics of a watch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from spotdiff.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prometheus_client.core import Metric

    from spotdiff.watching.status import CameraStatus, WatchStatus

_COUNTERS = {
    "frames": "frames looked at",
    "dropped": "frames that nobody took in time",
    "corrupt": "packets and files that could not be decoded",
    "restarts": "times that the source was opened anew",
}
_GAUGES = {
    "connected": "whether the source gives frames",
    "since_frame": "seconds since the last frame",
    "fps": "frames looked at in a second",
    "method_up": "whether the method gives answers",
}


class Metrics:
    """Serves the status of a watch to Prometheus; `status` is set by the watch and read by the server's thread.

    Attributes:
        status: The latest status; None before the first.
    """

    def __init__(self) -> None:
        self.status: WatchStatus | None = None
        self._stop: Callable[[], None] | None = None

    def serve(self, port: int) -> None:
        """Serve on this port of the machine itself.

        Raises:
            OptionError: the port is taken.
        """
        registry = CollectorRegistry()
        registry.register(self)
        try:
            server, thread = start_http_server(port, addr="127.0.0.1", registry=registry)
        except OSError as error:
            raise OptionError(f"metrics: port {port} cannot be used ({error.strerror}); choose another") from None

        def stop() -> None:
            server.shutdown()
            server.server_close()
            thread.join()

        self._stop = stop

    def close(self) -> None:
        """End the serving."""
        if self._stop is not None:
            self._stop()

    def collect(self) -> Iterator[Metric]:
        """What Prometheus collects."""
        status = self.status
        if status is None:
            return
        yield from _of_cameras(status.cameras)
        opened = CounterMetricFamily("spotdiff_events", "events told", labels=("camera", "kind"))
        for (camera, kind), number in status.opened.items():
            opened.add_metric((camera, kind), number)
        messages = GaugeMetricFamily("spotdiff_letters", "messages by sink and state", labels=("sink", "state"))
        for key, number in status.messages.items():
            messages.add_metric(key, number)
        yield from (opened, messages)
        yield GaugeMetricFamily("spotdiff_store_waiting", "changes that wait for the database", status.store_waiting)
        yield GaugeMetricFamily("spotdiff_store_up", "whether the database can be used", not status.store_trouble)


def _of_cameras(cameras: tuple[CameraStatus, ...]) -> Iterator[Metric]:
    for name, text in _COUNTERS.items():
        counter = CounterMetricFamily(f"spotdiff_{name}", text, labels=("camera",))
        for camera in cameras:
            counter.add_metric((camera.name,), getattr(camera, name))
        yield counter
    for name, text in _GAUGES.items():
        gauge = GaugeMetricFamily(f"spotdiff_{name}", text, labels=("camera",))
        for camera in cameras:
            gauge.add_metric((camera.name,), float(getattr(camera, name)))
        yield gauge
    open_events = GaugeMetricFamily("spotdiff_open_events", "events that are not closed", labels=("camera", "kind"))
    for camera in cameras:
        kinds = [event.kind for event in camera.open]
        for kind in dict.fromkeys(kinds):
            open_events.add_metric((camera.name, kind), kinds.count(kind))
    yield open_events
