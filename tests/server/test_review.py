"""Review over HTTP: the queue, decisions one by one and by sets, undo, and who decided what."""

from __future__ import annotations

from uuid import uuid4

import pytest

PLAIN = '{"method": "pixel", "align": "off", "light": "off"}'


@pytest.fixture(name="batch")
def batch_fixture(server, pictures):
    """The name of a batch of two changed pairs and one that is the same, and the ids of all."""
    name = f"run {uuid4().hex}"
    pairs = (pictures, pictures, (pictures[0], pictures[0]))
    sent = [server.send("/api/v1/compare", before=a, after=b, options=PLAIN, batch=name) for a, b in pairs]
    return name, [one.json["id"] for one in sent]


def queue(server, **asked):
    query = "&".join(f"{name}={value.replace(' ', '%20')}" for name, value in asked.items())
    return server.get(f"/api/v1/review?{query}").json


def decide(server, decision, **asked):
    return server.post("/api/v1/review", {"decision": decision, "who": "Ann", **asked})


def ids(found):
    return [one["id"] for one in found["comparisons"]]


def test_what_changed_waits_until_somebody_decides(server, batch):
    name, made = batch
    assert ids(queue(server, batch=name)) == made[:2]
    assert ids(queue(server, batch=name, verdict="same")) == made[2:]
    assert ids(queue(server, batch=name, verdict="all")) == made
    assert name in queue(server)["batches"]
    assert decide(server, "approved", comparisons=[made[0]]).json == {"decided": [made[0]]}
    assert decide(server, "rejected", comparisons=[made[1]]).status == 200
    assert ids(queue(server, batch=name)) == []
    assert ids(queue(server, batch=name, decision="approved")) == [made[0]]
    counts = queue(server, batch=name)["counts"]
    assert counts == {"open": 0, "changed": 0, "unsure": 0, "same": 1, "approved": 1, "rejected": 1}


def test_a_decision_is_taken_back(server, batch):
    name, made = batch
    decide(server, "rejected", comparisons=made[:2])
    assert decide(server, "undone", comparisons=made[:2]).status == 200
    assert ids(queue(server, batch=name)) == made[:2]
    trail = [one for one in server.get("/api/v1/review/decisions?limit=10").json if one["batch"] == name]
    assert [one["decision"] for one in trail] == ["undone", "undone", "rejected", "rejected"]
    assert {one["who"] for one in trail} == {"Ann"}
    assert all(one["at"].startswith("20") for one in trail)


def test_a_whole_set_is_approved_at_once(server, batch):
    name, made = batch
    decide(server, "rejected", comparisons=made[:1])
    assert decide(server, "approved", batch=name).json["decided"] == [made[1]]
    assert decide(server, "approved", batch=name, verdict="all").json["decided"] == [made[2]]


def test_what_cannot_be_decided(server, batch):
    _, made = batch
    assert decide(server, "approved", comparisons=[made[0], "none"]).status == 404
    assert decide(server, "undone", comparisons=[made[0]]).status == 409
    assert decide(server, "approved", comparisons=[made[0]]).status == 200  # the refused set left nothing behind
    assert decide(server, "rejected", comparisons=[made[0]]).status == 409
    assert decide(server, "approved").status == 422
    assert decide(server, "approved", comparisons=[made[1]], batch="x").status == 422
    assert decide(server, "undone", batch="x").status == 422
    assert decide(server, "kept", comparisons=[made[1]]).status == 422
    assert decide(server, "rejected", comparisons=[made[1]], who="\0").status == 422
    assert decide(server, "rejected", batch="\ud800").status == 422
    assert server.get("/api/v1/review?verdict=odd").status == 422
    assert server.get("/api/v1/review?place=%00").status == 422
    assert server.get("/api/v1/review?limit=-99999999999999999999999").status == 200


def test_an_approved_picture_of_a_place_is_its_baseline_until_it_is_taken_back(server, pictures):
    name = uuid4().hex
    server.post("/api/v1/places", {"name": name})
    address = f"/api/v1/places/{name}"
    for picture in (pictures[0], pictures[1], pictures[1]):
        server.send(f"{address}/pictures", picture=picture, options=PLAIN)
    third, second, first = server.get(address).json["pictures"]
    assert ids(queue(server, place=name)) == [second["comparison"], third["comparison"]]
    decide(server, "approved", place=name)
    assert server.get(address).json["baseline"]["number"] == third["number"]
    decide(server, "undone", comparisons=[second["comparison"], third["comparison"]])
    assert server.get(address).json["baseline"]["number"] == first["number"]

    server.post(f"{address}/approve", {"comparison": second["comparison"], "who": "Bo"})
    assert ids(queue(server, place=name)) == [third["comparison"]]
    assert server.get("/api/v1/review/decisions?limit=1").json[0]["who"] == "Bo"
    decide(server, "undone", comparisons=[second["comparison"]])
    assert server.get(address).json["baseline"]["number"] == first["number"]


def test_a_later_baseline_stays_when_an_earlier_approval_is_taken_back(server, pictures):
    name = uuid4().hex
    server.post("/api/v1/places", {"name": name})
    address = f"/api/v1/places/{name}"
    for picture in (pictures[0], pictures[1], pictures[1]):
        server.send(f"{address}/pictures", picture=picture, options=PLAIN)
    third, second, _ = server.get(address).json["pictures"]
    for one in (second, third):
        decide(server, "approved", comparisons=[one["comparison"]])
    decide(server, "undone", comparisons=[second["comparison"]])
    assert server.get(address).json["baseline"]["number"] == third["number"]


@pytest.mark.parametrize("name", ["x" * 201, "a\nb"])
def test_names_that_no_batch_can_have(server, pictures, name):
    refused = server.send("/api/v1/compare", before=pictures[0], after=pictures[1], options=PLAIN, batch=name)
    assert refused.status == 422
    assert "batch" in refused.json["detail"]
