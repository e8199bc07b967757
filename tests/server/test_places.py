"""Places with options of their own, over HTTP."""

from __future__ import annotations

import json
from urllib.parse import quote
from uuid import uuid4

import cv2
import numpy as np
import pytest

PIXEL = {"method": "pixel", "align": "off", "light": "off"}


def change(server, address, **options):
    headers = {"Content-Type": "application/json"}
    return server.ask("PATCH", address, body=json.dumps({"options": options}), headers=headers)


@pytest.fixture(name="place")
def place_fixture(server, pictures):
    """The address of a place with a baseline, compared by pixels."""
    name = f'Hof "links" & <b>Ä 100% #{uuid4().hex[:6]}?'
    assert server.post("/api/v1/places", {"name": name}).status == 201
    address = f"/api/v1/places/{quote(name)}"
    assert change(server, address, **PIXEL).status == 200
    assert server.send(f"{address}/pictures", picture=pictures[0]).status == 201
    return address


def test_pictures_are_compared_under_the_options_of_the_place(server, place, pictures):
    assert server.send(f"{place}/pictures", picture=pictures[1]).json["method"]["name"] == "pixel"
    assert change(server, place, ignore=[[40, 30, 100, 80]]).json["options"]["ignore"] == [[40, 30, 100, 80]]
    assert server.send(f"{place}/pictures", picture=pictures[1]).json["verdict"] == "same"


def test_options_of_the_request_win(server, place, pictures):
    change(server, place, ignore=[[40, 30, 100, 80]])
    asked = json.dumps({"ignore": []})
    assert server.send(f"{place}/pictures", picture=pictures[1], options=asked).json["verdict"] == "changed"
    asked = json.dumps({"preset": "medical"})  # over the method of the place, too
    record = server.send(f"{place}/pictures", picture=pictures[1], options=asked).json
    assert record["method"]["name"] == "classic"
    assert record["verdict"] == "same"  # what is ignored stays


def test_null_takes_an_option_back(server, place):
    change(server, place, sensitivity=0.7)
    assert change(server, place, sensitivity=None).json["options"] == PIXEL


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"methd": "pixel"}, "methd"),
        ({"ignore": [[1, 2, 3]]}, "ignore"),
        ({"ignore": [[[1, 1], [2, 2]]]}, "polygons"),
        ({"focus": [[[1, 1], [2, 2], ["x", 3]]]}, "polygons"),
        ({"areas": {"gate": 3}}, "gate"),
        ({"areas": "/etc/hostname"}, "areas"),
        ({"sensitivity": float("nan")}, "sensitivity"),
        ({"seed_score": float("nan")}, "seed_score"),
        ({"method": "pixel", "settings": {"threshold": float("inf")}}, "threshold"),
        ({"min_area": float("inf")}, "min_area"),
        ({"ignore": [[[0, 0], [9, 0], [float("nan"), 9]]]}, "polygons"),
        ({"settings": {"weights": "/etc/hostname"}}, "weights"),
    ],
)
def test_options_that_cannot_be_are_not_stored(server, place, options, word):
    refused = change(server, place, **options)
    assert refused.status == 422
    assert word in refused.json["detail"]
    assert server.get(place).json["options"] == PIXEL


def test_what_is_not_options(server, place):
    headers = {"Content-Type": "application/json"}
    for body in ("[]", '{"options": 3}', '{"name": "x"}'):
        assert server.ask("PATCH", place, body=body, headers=headers).status == 422
    assert change(server, "/api/v1/places/none").status == 404


def test_polygons_are_ignored_and_focused_on(server, pictures):
    whole = [[45, 35], [95, 35], [95, 75], [45, 75]]
    assert server.compare(*pictures, ignore=[whole]).json["verdict"] == "same"
    corner = [[0, 0], [30, 0], [0, 30]]
    assert server.compare(*pictures, ignore=[corner]).json["verdict"] == "changed"
    assert server.compare(*pictures, focus=[corner]).json["verdict"] == "same"
    half = server.compare(*pictures, focus=[[[0, 0], [70, 0], [70, 120], [0, 120]]]).json
    assert half["regions"][0]["box_after"] == [50, 40, 70, 70]
    both = server.compare(*pictures, focus=[corner, [80, 30, 100, 80]]).json
    assert both["regions"][0]["box_after"] == [80, 40, 90, 70]


def test_the_history_says_what_changed_when(server, place, pictures):
    server.send(f"{place}/pictures", picture=("tuesday.png", pictures[1]))
    server.send(f"{place}/pictures", picture=("wednesday.png", pictures[0]))
    shown = server.get(place).json
    assert [one["verdict"] for one in shown["pictures"]] == ["same", "changed", None]
    assert shown["pictures"][1]["regions"] == 1
    assert "added" in shown["pictures"][1]["text"] or "changed" in shown["pictures"][1]["text"]
    (listed,) = [one for one in server.get("/api/v1/places").json if one["name"] == shown["name"]]
    assert listed["latest"]["name"] == "wednesday.png"
    for one in shown["pictures"]:
        got = server.get(f"{place}/pictures/{one['number']}.png")
        pixels = cv2.imdecode(np.frombuffer(got.body, np.uint8), cv2.IMREAD_COLOR)
        assert pixels.shape == (120, 160, 3)
        thumbnail = server.get(f"{place}/pictures/{one['number']}/thumb.jpg")
        assert thumbnail.headers["content-type"] == "image/jpeg"
        assert thumbnail.body.startswith(b"\xff\xd8")


def test_pictures_of_another_place_are_not_there(server, place, pictures):
    other = f"/api/v1/places/{uuid4().hex}"
    server.post("/api/v1/places", {"name": other.rpartition("/")[2]})
    number = server.get(place).json["baseline"]["number"]
    assert server.get(f"{other}/pictures/{number}.png").status == 404
    assert server.get(f"{place}/pictures/999999999.png").status == 404
    assert server.get(f"{place}/pictures/x.png").status == 422
    assert server.get(f"{place}/pictures/{2**64}.png").status == 422
