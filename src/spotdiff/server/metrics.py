"""What Prometheus is told of a server."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from prometheus_client.core import Metric

    from spotdiff.server.service import Service
    from spotdiff.server.store.deliveries import Deliveries

_SECONDS = (0.005, 0.02, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 300)


class Metrics:
    """Counts what happens; threads may share it.

    Attributes:
        registry: What is told.
    """

    def __init__(self, service: Service, deliveries: Deliveries) -> None:
        """Of the server with these parts."""
        self.registry = CollectorRegistry()
        self.registry.register(_State(service, deliveries))
        labels = ("method", "route", "status")
        self._requests = Counter("spotdiff_requests", "requests answered", labels, registry=self.registry)
        self._request_seconds = Histogram(
            "spotdiff_request_seconds", "time to answer", ("route",), buckets=_SECONDS, registry=self.registry
        )
        self._job_seconds = Histogram(
            "spotdiff_job_seconds",
            "time that a worker had a job: done, failed, or died with it",
            ("outcome",),
            buckets=_SECONDS,
            registry=self.registry,
        )

    def count_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request; `route` is its address with the names of what varies."""
        self._requests.labels(method, route, str(status)).inc()
        self._request_seconds.labels(route).observe(seconds)

    def count_job(self, outcome: str, seconds: float) -> None:
        """Count a job that a worker had: done, failed or died."""
        self._job_seconds.labels(outcome).observe(seconds)


class _State(Collector):
    """What is so at the moment that somebody asks."""

    def __init__(self, service: Service, deliveries: Deliveries) -> None:
        self._service, self._deliveries = service, deliveries

    def describe(self) -> Iterable[Metric]:
        """Nothing: what is told is known once it is asked for."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """What is told."""
        service = self._service
        jobs = GaugeMetricFamily("spotdiff_jobs", "jobs by state", labels=("state",))
        for state, count in service.jobs.counts().items():
            jobs.add_metric((state,), count)
        messages = GaugeMetricFamily("spotdiff_webhook_messages", "messages by state", labels=("state",))
        for state, count in self._deliveries.counts().items():
            messages.add_metric((state,), count)
        busy = 0 if service.workers is None else service.workers.busy
        yield from (jobs, messages)
        yield GaugeMetricFamily("spotdiff_workers", "processes that compare", service.settings.workers)
        yield GaugeMetricFamily("spotdiff_workers_busy", "of them those that have a job", busy)
