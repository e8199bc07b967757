"""The MQTT sink against a real mosquitto, which is killed and started again meanwhile."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from spotdiff.http_delivery import LONGEST_PAUSE
from spotdiff.watching.alerts import DeliveryWorker, SinkDown
from spotdiff.watching.alerts.sinks import mqtt_connection
from spotdiff.watching.alerts.sinks.mqtt import Mqtt, slug
from spotdiff.watching.event import Event

SEEN = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def mqtt_of():
    made = []

    def make(broker, **how):
        made.append(Mqtt(host="127.0.0.1", port=broker.port, **{"timeout": 5.0, **how}))
        return made[-1]

    yield make
    for sink in made:
        sink.close()


def test_event_state_and_picture_are_published(broker, mqtt_of, listen, make_message, still, wait_until):
    sink, early = mqtt_of(broker), listen(broker.port)
    sink.send(make_message(1, picture=still), "key 1")
    sink.send(make_message(2), "key 2")
    sink.send(make_message(1, "acknowledged"), "key 3")
    sink.send(make_message(2, "closed"), "key 4")
    assert wait_until(lambda: len(early.of("spotdiff/hall/state")) == 4)
    first = json.loads(early.of("spotdiff/hall/event")[0])
    assert (first["id"], first["key"], first["change"]) == ("hall-1", "key 1", "opened")
    states = [json.loads(state) for state in early.of("spotdiff/hall/state")]
    assert [(state["open"], state["acknowledged"]) for state in states] == [(1, 0), (2, 0), (2, 1), (1, 1)]
    late = listen(broker.port)
    assert wait_until(lambda: late.of("spotdiff/hall/state"))
    assert late.of("spotdiff/status") == [b"online"]
    assert late.of("spotdiff/hall/picture") == [still.read_bytes()]
    assert late.of("spotdiff/hall/event") == [], "what happened is not told again to who comes later"
    state = json.loads(late.of("spotdiff/hall/state")[0])
    assert (state["kinds"], state["zones"], state["events"]) == ({"left": 1}, {"door": 1}, ["hall-1"])


def test_home_assistant_is_told_what_there_is(broker, mqtt_of, listen, make_message, wait_until):
    sink = mqtt_of(broker)
    event = Event("hall-9", "hall", "left", "acknowledged", "door", None, SEEN, SEEN, 1.0, "A bag.")
    sink.introduce("hall", ["door", "the 'desk'"], [event])
    sink.open()
    early = listen(broker.port)
    assert wait_until(lambda: early.of("spotdiff/hall/state"))
    late = listen(broker.port)

    def configs():
        return {
            where: json.loads(what) for where, what, kept in tuple(late.heard) if where.endswith("/config") and kept
        }

    assert wait_until(lambda: len(configs()) == 5)
    found = configs()
    assert set(found) == {
        "homeassistant/binary_sensor/spotdiff_hall/open/config",
        "homeassistant/binary_sensor/spotdiff_hall/zone_door/config",
        f"homeassistant/binary_sensor/spotdiff_hall/zone_{slug(chr(39).join(['the ', 'desk', '']))}/config",
        "homeassistant/sensor/spotdiff_hall/last_event/config",
        "homeassistant/image/spotdiff_hall/picture/config",
    }
    for config in found.values():
        assert config["availability_topic"] == "spotdiff/status"
        assert config["device"]["identifiers"] == ["spotdiff_hall"]
        assert config["device"]["name"] == "hall"
        assert config.get("state_topic", config.get("image_topic")) in ("spotdiff/hall/state", "spotdiff/hall/picture")
    assert len({config["unique_id"] for config in found.values()}) == 5
    door = found["homeassistant/binary_sensor/spotdiff_hall/zone_door/config"]
    assert door["value_template"] == "{{ 'ON' if value_json.zones.get(\"door\", 0) > 0 else 'OFF' }}"
    assert wait_until(lambda: late.of("spotdiff/hall/state"))
    state = json.loads(late.of("spotdiff/hall/state")[0])
    assert (state["open"], state["acknowledged"], state["last"]) == (1, 1, "A bag.")
    assert state["zones"] == {"door": 1, "the 'desk'": 0}


def test_discovery_can_be_left_out(broker, mqtt_of, listen, make_message, wait_until):
    sink, heard = mqtt_of(broker, discovery="", topic="site/a"), listen(broker.port)
    sink.send(make_message(camera="hall/1 +#"), "k")
    assert wait_until(lambda: len(heard.heard) == 3)
    assert {topic for topic, _, _ in heard.heard} == {
        "site/a/status",
        f"site/a/{slug('hall/1 +#')}/event",
        f"site/a/{slug('hall/1 +#')}/state",
    }


def test_a_new_zone_is_introduced_when_something_happens_there(broker, mqtt_of, listen, make_message, wait_until):
    sink, heard = mqtt_of(broker), listen(broker.port)
    sink.introduce("hall")
    sink.send(make_message(1), "k")
    sink.send(make_message(2), "k2")
    assert wait_until(lambda: len(heard.of("spotdiff/hall/event")) == 2)
    assert len(heard.of("homeassistant/binary_sensor/spotdiff_hall/zone_door/config")) == 1


def test_a_broker_down_for_an_hour_loses_nothing(
    broker, mqtt_of, listen, make_message, queue, clock, wait_until, monkeypatch
):
    monkeypatch.setattr(mqtt_connection, "_RECONNECT_S", 1)
    sink = mqtt_of(broker, timeout=0.2)
    with DeliveryWorker(queue, [sink], poll=0.01, timeout=1e6) as worker:
        (channel,) = worker._channels
        queue.put(make_message(0), ["mqtt"])
        assert wait_until(lambda: queue.idle(["mqtt"]))
        broker.kill()
        for number in range(1, 7):
            queue.put(make_message(number), ["mqtt"])
            clock.advance(LONGEST_PAUSE)
            assert wait_until(lambda number=number: queue.waiting("mqtt")[0].tries >= number)
        assert wait_until(lambda: not channel.busy and clock.seconds() < channel._ready_at), (
            "it pauses until the clock is moved"
        )
        assert "cannot be reached" in queue.head("mqtt").error
        broker.start()
        heard = listen(broker.port)
        assert wait_until(lambda: heard.of("spotdiff/hall/state")), "discovery and state come back by themselves"
        assert len(heard.of("homeassistant/sensor/spotdiff_hall/last_event/config")) == 1

        def all_gone():
            clock.advance(20)  # again and again: a busy machine may let a try fail that need not
            return queue.idle(["mqtt"])

        assert wait_until(all_gone)
        assert wait_until(lambda: len(heard.of("spotdiff/hall/event")) == 6)
        keys = [json.loads(event)["key"] for event in heard.of("spotdiff/hall/event")]
        assert keys == [f"hall-{number}/opened/mqtt/text" for number in range(1, 7)]
        assert wait_until(lambda: json.loads(heard.of("spotdiff/hall/state")[-1])["open"] == 7)
    assert wait_until(lambda: heard.of("spotdiff/status")[-1] == b"offline")


def test_what_is_not_confirmed_is_waited_for_not_sent_twice(broker, mqtt_of, listen, make_message, wait_until):
    sink, heard = mqtt_of(broker, timeout=0.3), listen(broker.port)
    sink.send(make_message(1), "k1")
    broker.freeze(signal.SIGSTOP)
    for _ in range(2):
        with pytest.raises(SinkDown, match="did not confirm"):
            sink.send(make_message(2), "k2")
    broker.freeze(signal.SIGCONT)
    assert wait_until(lambda: len(heard.of("spotdiff/hall/event")) == 2)
    for key, number in (("k2", 2), ("k2", 2), ("k3", 3), ("k3", 3), ("k4", 4)):
        sink.send(make_message(number), key)
    assert wait_until(lambda: heard.of("spotdiff/hall/state") and b"hall-4" in heard.of("spotdiff/hall/state")[-1])
    assert [json.loads(event)["key"] for event in heard.of("spotdiff/hall/event")] == ["k1", "k2", "k3", "k4"]


def test_what_a_lost_connection_kept_is_not_sent_twice(broker, mqtt_of, make_message, wait_until, monkeypatch):
    monkeypatch.setattr(mqtt_connection, "_RECONNECT_S", 1)
    sink = mqtt_of(broker, timeout=0.2)
    sink.send(make_message(1), "k1")
    connection, sent = sink._connection, []
    publish = connection._client.publish
    monkeypatch.setattr(
        connection._client, "publish", lambda topic, *a, **k: sent.append(topic) or publish(topic, *a, **k)
    )
    broker.kill()
    assert wait_until(lambda: not connection._up.is_set())
    connection._up.set()  # as it is in the moment before the loss is noticed
    with pytest.raises(SinkDown, match="did not confirm"):
        sink.send(make_message(2), "k2")
    connection._up.clear()
    broker.start()
    assert wait_until(connection._up.is_set)

    def taken():
        try:
            sink.send(make_message(2), "k2")
        except SinkDown:
            return False
        return True

    assert wait_until(taken)
    assert sent.count("spotdiff/hall/event") == 1


def test_a_state_of_before_is_not_told_over_a_newer_one(broker, mqtt_of, listen, make_message, wait_until, monkeypatch):
    monkeypatch.setattr(mqtt_connection, "_RECONNECT_S", 1)
    sink = mqtt_of(broker)
    sink.send(make_message(1), "k1")
    broker.freeze(signal.SIGSTOP)
    sink.introduce("hall", ["old"])
    broker.kill()
    assert wait_until(lambda: not sink._connection._up.is_set())
    sink.introduce("hall", ["new"])
    broker.start()
    assert wait_until(sink._connection._up.is_set)
    sink.send(make_message(2, camera="yard"), "k2")
    late = listen(broker.port)
    assert wait_until(lambda: late.of("spotdiff/hall/state"))
    assert list(json.loads(late.of("spotdiff/hall/state")[-1])["zones"]) == ["door", "old", "new"]


DYING = """
import os, signal, sys, time
from spotdiff.watching.alerts.sinks.mqtt import Mqtt
sink = Mqtt(host="127.0.0.1", port=int(sys.argv[1]))
sink.introduce("hall")
sink.open()
sys.stdin.read()
"""


def test_the_broker_says_offline_for_one_that_was_killed(broker, listen, wait_until):
    heard = listen(broker.port)
    command = [sys.executable, "-c", DYING, str(broker.port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert wait_until(lambda: heard.of("spotdiff/status") == [b"online"])
        process.kill()
        assert wait_until(lambda: heard.of("spotdiff/status") == [b"online", b"offline"])
    late = listen(broker.port)
    assert wait_until(lambda: late.of("spotdiff/status") == [b"offline"])


def test_closing_says_offline_and_ends(broker, mqtt_of, listen, make_message, wait_until):
    sink, heard = mqtt_of(broker), listen(broker.port)
    sink.send(make_message(), "k")
    sink.close()
    assert wait_until(lambda: heard.of("spotdiff/status") == [b"online", b"offline"])
    with pytest.raises(SinkDown, match="has been left"):
        sink.send(make_message(), "k")


def test_user_and_password_are_asked_for(make_broker, mqtt_of, make_message, tmp_path, wait_until):
    if shutil.which("mosquitto_passwd") is None:
        pytest.skip("needs mosquitto_passwd, which comes with mosquitto")
    passwords = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(passwords), "bob", "hunter2"], check=True, capture_output=True)
    broker = make_broker(lines=("allow_anonymous false", f"password_file {passwords}"))
    mqtt_of(broker, user="bob", password="hunter2").send(make_message(), "k")
    wrong = mqtt_of(broker, user="bob", password="hunter3", timeout=0.5)
    with pytest.raises(SinkDown, match="Not authorized") as caught:
        wrong.send(make_message(), "k")
    assert "hunter3" not in str(caught.value) + repr(wrong)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # paho leaves failed sockets open
def test_tls_is_checked_against_the_authority(make_broker, mqtt_of, make_message, tmp_path):
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl to make a certificate")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    asked = [
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        "/CN=127.0.0.1",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
    ]
    subprocess.run(["openssl", "req", *asked, "-keyout", key, "-out", cert], check=True, capture_output=True)
    broker = make_broker(lines=("allow_anonymous true", f"certfile {cert}", f"keyfile {key}"))
    mqtt_of(broker, tls=True, ca=str(cert)).send(make_message(), "k")
    for stranger in (mqtt_of(broker, tls=True, timeout=0.5), mqtt_of(broker, timeout=0.5)):
        with pytest.raises(SinkDown, match="cannot be reached"):
            stranger.send(make_message(), "k")
