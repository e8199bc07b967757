"""What every address answers."""

from __future__ import annotations

import json
from urllib.parse import quote
from uuid import uuid4

import cv2
import jsonschema
import numpy as np
import pytest

from spotdiff.report.record import load_schema

VALIDATOR = jsonschema.Draft202012Validator(load_schema())


@pytest.fixture(scope="module", name="record")
def record_fixture(server, pictures):
    return server.compare(("hall before.png", pictures[0]), pictures[1]).json


def decoded(data):
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)


def test_a_comparison_is_answered_with_its_record(server, record):
    VALIDATOR.validate(record)
    assert record["verdict"] == "changed"
    assert record["regions"][0]["box_after"] == [50, 40, 90, 70]
    assert record["before"]["path"] == "hall before.png"
    assert server.get(f"/api/v1/comparisons/{record['id']}").json == record


def test_the_same_picture_twice_is_the_same(server, pictures):
    record = server.compare(pictures[0], pictures[0]).json
    assert record["verdict"] == "same"
    assert record["before"]["sha256"] == record["after"]["sha256"]


def test_options_and_presets_are_heard(server, pictures):
    record = server.compare(*pictures, ignore=[[40, 30, 100, 80]], language="zh").json
    assert record["verdict"] == "same"
    assert any("\u4e00" <= letter <= "\u9fff" for letter in record["text"])
    body = {"before": pictures[0], "after": pictures[1], "options": json.dumps({"preset": "medical"})}
    assert server.send("/api/v1/compare", **body).json["method"]["name"] == "classic"


def test_pictures_of_an_answer(server, record, pictures):
    address = f"/api/v1/comparisons/{record['id']}"
    for side, sent in zip(("before", "after"), pictures, strict=True):
        got = server.get(f"{address}/{side}.png")
        assert got.headers["content-type"] == "image/png"
        assert (decoded(got.body) == decoded(sent)).all()
        mask = decoded(server.get(f"{address}/mask/{side}.png").body) >= 128
        assert mask[40:70, 50:90].all()
        assert not mask[:30].any()
    overlay = decoded(server.get(f"{address}.png").body)
    assert overlay.shape[:2] == (120, 160)


def test_the_report_runs_in_a_sandbox(server, record):
    report = server.get(f"/api/v1/comparisons/{record['id']}.html")
    assert report.headers["content-type"].startswith("text/html")
    assert "sandbox" in report.headers["content-security-policy"]
    assert "allow-same-origin" not in report.headers["content-security-policy"]
    assert b"<h1" in report.body


def test_latest_comparisons_come_last_first(server, pictures):
    ids = [server.compare(*pictures).json["id"] for _ in range(2)]
    assert [one["id"] for one in server.get("/api/v1/comparisons?limit=2").json] == ids[::-1]
    page = server.get("/").body.decode()
    assert page.index(ids[1]) < page.index(ids[0])


def test_a_client_need_not_wait(server, pictures):
    accepted = server.compare(*pictures, headers={"Prefer": "wait=1, respond-async"})
    assert accepted.status == 202
    url = accepted.headers["location"]
    assert accepted.json["url"] == url
    job = server.ended(url)
    assert (job["state"], job["tries"], job["problem"]) == ("done", 1, None)
    assert server.get(job["comparison"]).json["verdict"] == "changed"


def test_a_job_that_has_ended_cannot_be_cancelled(server, record):
    refused = server.ask("DELETE", f"/api/v1/jobs/{record['id']}")
    assert refused.status == 409
    assert "done" in refused.json["detail"]


def test_a_queued_and_a_running_job_are_cancelled(server, pictures, large_pictures):
    wish = {"Prefer": "respond-async"}
    running = server.compare(*large_pictures, method="classic", headers=wish).headers["location"]
    queued = server.compare(*pictures, headers=wish).headers["location"]
    for url in (queued, running):
        cancelled = server.ask("DELETE", url)
        assert (cancelled.status, cancelled.json["state"]) == (200, "cancelled")
    assert server.compare(*pictures).status == 200
    assert server.get(running).json["comparison"] is None


def test_a_place_from_its_first_picture_on(server, pictures):
    name = f"Höfe {uuid4().hex}"
    address = f"/api/v1/places/{quote(name)}"
    assert server.post("/api/v1/places", {"name": name}).status == 201
    assert server.post("/api/v1/places", {"name": name}).status == 409
    assert name in [place["name"] for place in server.get("/api/v1/places").json]
    assert server.post(f"{address}/approve", {}).status == 409

    first = server.send(f"{address}/pictures", picture=("monday.png", pictures[0]))
    assert first.status == 201
    assert first.json["baseline"]["name"] == "monday.png"

    options = json.dumps({"method": "pixel"})
    second = server.send(f"{address}/pictures", picture=pictures[1], options=options)
    assert (second.status, second.json["verdict"]) == (200, "changed")
    third = server.send(f"{address}/pictures", picture=pictures[0], options=options)
    assert third.json["verdict"] == "same"

    approved = server.post(f"{address}/approve", {"comparison": second.json["id"], "who": "Ann"})
    assert approved.json["baseline"]["comparison"] == second.json["id"]
    assert server.send(f"{address}/pictures", picture=pictures[1], options=options).json["verdict"] == "same"
    assert server.ask("POST", f"{address}/approve").status == 200
    place = server.get(address).json
    assert [one["who"] for one in place["approvals"]] == ["127.0.0.1", "Ann"]
    assert place["baseline"]["number"] == place["pictures"][0]["number"]
    assert len(place["pictures"]) == 4


def test_a_place_cannot_be_approved_by_a_comparison_of_another(server, record):
    name = uuid4().hex
    server.post("/api/v1/places", {"name": name})
    assert server.post(f"/api/v1/places/{name}/approve", {"comparison": record["id"]}).status == 404


def test_health_and_description(server):
    assert server.get("/healthz").json["status"] == "ok"
    described = server.get("/api/v1/openapi.json").json
    form = described["paths"]["/api/v1/compare"]["post"]["requestBody"]["content"]["multipart/form-data"]
    assert form["schema"]["required"] == ["before", "after"]
    assert set(described["paths"]["/api/v1/jobs/{name}"]) == {"get", "delete"}


def test_the_page_has_no_script_of_its_own_text(server):
    page = server.get("/")
    assert "'unsafe-inline'" not in page.headers["content-security-policy"]
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert b"<script>" not in page.body
    for name in ("base.css", "pages.css", "start.js", "theme.js"):
        assert f"/static/{name}".encode() in page.body
        assert server.get(f"/static/{name}").status == 200
