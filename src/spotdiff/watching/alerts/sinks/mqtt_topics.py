"""What is said over MQTT: which topics there are, and how Home Assistant finds them by itself."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from hashlib import sha256

import spotdiff

_NOT_IN_A_TOPIC = re.compile(r"[^0-9A-Za-z_-]")
_LONGEST_TEXT = 250  # characters; Home Assistant takes states of 255


@dataclass(frozen=True, slots=True)
class Post:
    """One thing to publish.

    Attributes:
        topic: Where.
        payload: What.
        retain: Whether the broker keeps it for those who come later.
    """

    topic: str
    payload: bytes
    retain: bool = False


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one watch.

    Attributes:
        prefix: What all topics begin with, such as spotdiff.
        discovery: Where Home Assistant looks for what there is, such as homeassistant; "" tells it nothing.
    """

    prefix: str
    discovery: str

    @property
    def status(self) -> str:
        """Says online or offline."""
        return f"{self.prefix}/status"

    def of(self, camera: str, what: str) -> str:
        """The topic of a camera for its `event`, `state` or `picture`."""
        return f"{self.prefix}/{slug(camera)}/{what}"

    def found(self, camera: str, zones: list[str]) -> list[Post]:
        """What tells Home Assistant of a camera: a sensor for the whole and each zone, the last event, the picture."""
        if not self.discovery:
            return []
        posts = [self._entity(camera, "binary_sensor", "open", "Differences", self._counted(camera, "value_json.open"))]
        for zone in zones:
            count = f"value_json.zones.get({json.dumps(zone, ensure_ascii=False)}, 0)"
            says = self._counted(camera, count)
            posts.append(self._entity(camera, "binary_sensor", f"zone_{slug(zone)}", zone, says))
        last = {
            "state_topic": self.of(camera, "state"),
            "value_template": f"{{{{ value_json.last[:{_LONGEST_TEXT}] }}}}",
            "json_attributes_topic": self.of(camera, "event"),
        }
        picture = {"image_topic": self.of(camera, "picture"), "content_type": "image/jpeg"}
        posts.append(self._entity(camera, "sensor", "last_event", "Last event", last))
        posts.append(self._entity(camera, "image", "picture", "Picture", picture))
        return posts

    def _counted(self, camera: str, count: str) -> dict[str, str]:
        """What a sensor says that is on while a count in the camera's state is above 0."""
        return {
            "state_topic": self.of(camera, "state"),
            "value_template": f"{{{{ 'ON' if {count} > 0 else 'OFF' }}}}",
            "device_class": "problem",
        }

    def _entity(self, camera: str, component: str, thing: str, name: str, says: dict[str, str]) -> Post:
        device = f"{slug(self.prefix)}_{slug(camera)}"
        config = {
            "name": name,
            "unique_id": f"{device}_{thing}",
            "availability_topic": self.status,
            "device": {
                "identifiers": [device],
                "name": camera,
                "manufacturer": "spotdiff",
                "model": "watched place",
                "sw_version": spotdiff.__version__,
            },
            "origin": {"name": "spotdiff", "sw_version": spotdiff.__version__},
            **says,
        }
        return Post(
            f"{self.discovery}/{component}/{device}/{thing}/config", json.dumps(config).encode("ascii"), retain=True
        )


def slug(name: str) -> str:
    """A name as one level of a topic; names that differ stay different.

    Examples:
        >>> slug("hall"), slug("hall/door 1")
        ('hall', 'hall_door_1_951812')
    """
    plain = _NOT_IN_A_TOPIC.sub("_", name)
    return plain if plain == name and name else f"{plain}_{sha256(name.encode()).hexdigest()[:6]}"
