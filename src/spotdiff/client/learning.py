"""Learning and measuring: runs on the corrections of a place, and whose weights its pictures are compared with."""

from __future__ import annotations

from collections.abc import Iterable

from spotdiff.client.json_requests import JsonRequests, address
from spotdiff.client.records import LabelledSet, Measurement, Measurements, Training, Trainings


class Learning(JsonRequests):
    """What a client does where a place learns."""

    def trainings(self, place: str) -> Trainings:
        """The trainings of a place, the last one first, and which is used."""
        reply: Trainings = self._get(address("places", place, "trainings"))
        return reply

    def train(self, place: str, *, steps: int | None = None, who: str = "") -> Training:
        """Begin to train on what was corrected of a place, without waiting for the end.

        Args:
            place: Its name; four corrected comparisons are the fewest.
            steps: How long; None for as long as the recipe says.
            who: Asks for it.
        """
        begun: Training = self._post(address("places", place, "trainings"), {"steps": steps, "who": who})
        return begun

    def training(self, id: str) -> Training:  # noqa: A002 (what the server calls it)
        """How far a training is, and what it came to."""
        reply: Training = self._get(address("trainings", id))
        return reply

    def stop_training(self, id: str) -> Training:  # noqa: A002
        """Stop a training; it may be gone on with."""
        stopped: Training = self._post(address("trainings", id, "stop"))
        return stopped

    def continue_training(self, id: str) -> Training:  # noqa: A002
        """Go on with a training that was stopped, or failed."""
        queued: Training = self._post(address("trainings", id, "continue"))
        return queued

    def use_training(self, place: str, id: str | None) -> None:  # noqa: A002
        """Compare the pictures of a place with what a training that is done has learned; None for what ships."""
        self._send_json("PUT", address("places", place, "weights"), {"training": id})

    def measurements(self, place: str) -> Measurements:
        """What was measured on a place, the last one first."""
        reply: Measurements = self._get(address("places", place, "measurements"))
        return reply

    def measure(
        self,
        place: str,
        methods: Iterable[str] = ("spot", "classic"),
        *,
        trainings: Iterable[str] = (),
        who: str = "",
    ) -> Measurement:
        """Begin to measure methods on the corrected comparisons of a place, without waiting for the end.

        Args:
            place: Its name.
            methods: Their names; with the trainings two to sixteen.
            trainings: Ids of trainings of the place that are done; each counts as a method.
            who: Asks for it.
        """
        asked = {"methods": list(methods), "trainings": list(trainings), "who": who}
        begun: Measurement = self._post(address("places", place, "measurements"), asked)
        return begun

    def sets(self) -> list[LabelledSet]:
        """The labelled sets that the server was started with, and how many pairs each has."""
        reply: list[LabelledSet] = self._get(address("sets"))
        return reply

    def set_measurements(self, name: str) -> Measurements:
        """What was measured on a labelled set, the last one first."""
        reply: Measurements = self._get(address("sets", name, "measurements"))
        return reply

    def measure_set(
        self,
        name: str,
        methods: Iterable[str] = ("spot", "classic"),
        *,
        trainings: Iterable[str] = (),
        who: str = "",
    ) -> Measurement:
        """Begin to measure methods on a labelled set, without waiting for the end.

        Args:
            name: Of the set.
            methods: Their names; with the trainings two to sixteen.
            trainings: Ids of trainings of any place that are done; each counts as a method.
            who: Asks for it.
        """
        asked = {"methods": list(methods), "trainings": list(trainings), "who": who}
        begun: Measurement = self._post(address("sets", name, "measurements"), asked)
        return begun

    def measurement(self, id: str) -> Measurement:  # noqa: A002
        """How a measurement stands, and its table."""
        reply: Measurement = self._get(address("measurements", id))
        return reply

    def stop_measurement(self, id: str) -> Measurement:  # noqa: A002
        """Stop a measurement; it may be gone on with."""
        stopped: Measurement = self._post(address("measurements", id, "stop"))
        return stopped

    def continue_measurement(self, id: str) -> Measurement:  # noqa: A002
        """Go on with a measurement that was stopped, or failed."""
        queued: Measurement = self._post(address("measurements", id, "continue"))
        return queued
