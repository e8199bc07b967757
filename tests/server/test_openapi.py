"""The OpenAPI document says what really comes back, and has an example for every address."""

from __future__ import annotations

import json
from urllib.parse import quote

import jsonschema
import numpy as np
import pytest

from server.account_verbs import bearing, give_token
from server.closed_schemas import closed
from server.conftest import png
from server.test_learn import corrected_place
from server.test_watch import Site, events_of, until
from watching.run.run_toys import BAG

HOOK = ("--webhook", "guards=http://127.0.0.1:9/")
WISH = {"Prefer": "respond-async"}
AS_JSON = {"Content-Type": "application/json"}
QUICK = json.dumps({"method": "pixel", "align": "off", "light": "off"})
ONE, JOB, PLACE, EVENT = (f"/api/v1/{what}/{{name}}" for what in ("comparisons", "jobs", "places", "events"))


@pytest.fixture(scope="module", name="document")
def document_fixture(server):
    return server.get("/api/v1/openapi.json").json


def operations(document):
    return {
        (method, path): operation for path, known in document["paths"].items() for method, operation in known.items()
    }


def check(document, schema, value):
    whole = closed({**schema, "components": document["components"]})
    jsonschema.Draft202012Validator(whole, format_checker=jsonschema.FormatChecker()).validate(value)


class Asked:
    """Asks a server, and holds each reply against the document.

    Attributes:
        seen: Methods and addresses that were asked.
    """

    def __init__(self, server, document):
        self.server, self.document, self.seen = server, document, set()

    def __call__(self, method, path, status, *, query="", body=None, headers=None, **names):
        """The reply to a request; `body` is sent as JSON unless it is bytes."""
        kind = {**({} if isinstance(body, bytes) else AS_JSON), **(headers or {})}
        sent = body if body is None or isinstance(body, bytes) else json.dumps(body)
        return self._checked(method, path, status, self.server.ask, query, names, body=sent, headers=kind)

    def send(self, path, status, *, headers=None, names=None, **parts):
        """The reply to a form."""
        return self._checked(
            "POST", path, status, lambda _, address: self.server.send(address, headers, **parts), "", names or {}
        )

    def _checked(self, method, path, status, ask, query, names, **more):
        quoted = {name: quote(str(value), safe="") for name, value in names.items()}
        reply = ask(method, path.format(**quoted) + query, **more)
        assert reply.status == status, (method, path, reply.status, reply.body[:500])
        self.seen.add((method.lower(), path))
        self._check(operations(self.document)[method.lower(), path]["responses"], reply)
        return reply

    def _check(self, responses, reply):
        said = responses.get(str(reply.status), responses["default"])
        assert said is responses["default"] or reply.status < 300
        kind = reply.headers["content-type"].partition(";")[0]
        assert kind in said["content"], (reply.status, kind)
        if kind.endswith("json"):
            check(self.document, said["content"][kind]["schema"], reply.json)


@pytest.fixture(name="site")
def site_fixture(tmp_path):
    return Site(tmp_path)


def test_every_real_reply_is_as_described(own_server, document, pictures, large_pictures, texture, site, tmp_path):
    (tmp_path / "sets").mkdir()
    ask = Asked(
        own_server(
            "--watch", str(site.rules), "--sets", str(tmp_path / "sets"), *HOOK, SPOTDIFF_WEBHOOK_SECRET="0" * 16
        ),
        document,
    )
    ask("GET", "/api/v1/watch", 200)  # before anything is known of its camera
    site.show(12)
    site.show(12, BAG)
    ask("GET", "/healthz", 200)
    ask_of_jobs(ask, large_pictures)
    record = ask_of_comparisons(ask, pictures)
    ask_of_views(ask, texture)
    ask_of_places(ask, pictures)
    ask_of_review(ask, record["id"])
    ask_of_annotations(ask, record["id"])
    ask_of_learning(ask, texture)
    ask_of_watch(ask)
    ask_of_accounts(ask)
    assert ask.seen == set(operations(document))


def ask_of_jobs(ask, large_pictures):
    large = dict(zip(("before", "after"), large_pictures, strict=True))
    busy = ask.send("/api/v1/compare", 202, headers=WISH, **large, options='{"method": "classic"}').json["id"]
    ask("GET", JOB, 200, name=busy)
    ask("DELETE", JOB, 200, name=busy)
    ask("DELETE", JOB, 409, name=busy)
    ask("POST", f"{JOB}/retry", 202, name=busy)
    ask("DELETE", JOB, 200, name=busy)
    ask("GET", f"{JOB}/events", 200, name=busy)
    broken = ask.send("/api/v1/compare", 202, headers=WISH, before=b"none", after=b"none").json
    ask.server.ended(broken["url"])
    assert ask("GET", JOB, 200, name=broken["id"]).json["problem"]["status"] == 422
    assert ask("GET", "/api/v1/jobs", 200).json


def ask_of_comparisons(ask, pictures):
    before, after = pictures
    record = ask.send("/api/v1/compare", 200, before=before, after=after, options=QUICK, batch="run-7").json
    ask.send("/api/v1/compare", 422, before=before)
    for ending in ("", ".html", ".png", "/before.png", "/after.png", "/mask/before.png", "/mask/after.png"):
        ask("GET", ONE + ending, 200, name=record["id"])
        ask("GET", ONE + ending, 404, name="none")
    assert ask("GET", ONE, 200, query="?max_pixels=99999999", name=record["id"]).json["verdict"] == "same"
    assert ask("GET", "/api/v1/comparisons", 200).json
    ask("POST", f"{JOB}/retry", 409, name=record["id"])
    return record


def ask_of_views(ask, texture):
    whole = texture(240, 180, seed=6)
    before, after = (np.insert(whole, [row] * 24, 255, axis=0) for row in (40, 130))  # each page has rows of its own
    page = {"before": png(before), "after": png(after)}
    name = ask.send("/api/v1/compare", 200, **page, options='{"method": "pixel", "align": "page"}').json["id"]
    shown = ask("GET", f"{ONE}/view.json", 200, name=name).json
    assert set(shown["pictures"]) == {"before", "after", "aligned-before", "aligned-after", "heat"}
    for what in shown["pictures"]:
        ask("GET", f"{ONE}/view/{what}", 200, name=name)
    for side in ("before", "after"):
        ask("GET", f"{ONE}/thumb/{side}.jpg", 200, name=name)
    ask("GET", f"{ONE}/tiles/{{picture}}.dzi", 404, name=name, picture="before")
    plain = png(np.zeros((4000, 3000, 3), np.uint8))
    large = ask.send("/api/v1/compare", 200, before=plain, after=plain, options=QUICK).json["id"]
    assert set(ask("GET", f"{ONE}/view.json", 200, name=large).json["tiles"]) == {"before", "after"}
    ask("GET", f"{ONE}/tiles/{{picture}}.dzi", 200, name=large, picture="before")
    one = f"{ONE}/tiles/{{picture}}_files/{{level}}/{{asked}}"
    ask("GET", one, 200, name=large, picture="before", level=12, asked="3_2.png")
    ask("GET", one, 404, name=large, picture="before", level=12, asked="3_2.jpg")


def ask_of_places(ask, pictures):
    ask("POST", "/api/v1/places", 201, body={"name": "yard"})
    ask("POST", "/api/v1/places", 409, body={"name": "yard"})
    ask("GET", "/api/v1/places", 200)
    ask("GET", "/api/v1/webhooks", 200)
    picture, names = {"picture": pictures[0], "options": QUICK}, {"name": "yard"}
    ask.send(f"{PLACE}/pictures", 201, names=names, **picture)
    ask.send(f"{PLACE}/pictures", 200, names=names, **picture)
    ask.send(f"{PLACE}/pictures", 202, names=names, headers=WISH, **picture)
    ask("POST", f"{PLACE}/approve", 200, name="yard", body={})
    ask("PATCH", PLACE, 200, name="yard", body={"options": {"sensitivity": 0.6, "ignore": [[0, 0, 9, 9]]}})
    ask("PATCH", PLACE, 422, name="yard", body={"options": {"sensitivity": 6}})
    place = ask("GET", PLACE, 200, name="yard").json
    assert ask("GET", "/api/v1/places", 200).json[0]["latest"]["comparison"]
    for ending in (".png", "/thumb.jpg"):
        ask("GET", f"{PLACE}/pictures/{{number}}{ending}", 200, name="yard", number=place["baseline"]["number"])
        ask("GET", f"{PLACE}/pictures/{{number}}{ending}", 404, name="yard", number=0)


def ask_of_review(ask, comparison):
    assert ask("GET", "/api/v1/review", 200, query="?batch=run-7").json["comparisons"]
    for decision in ("approved", "undone", "rejected"):
        body = {"decision": decision, "comparisons": [comparison], "who": "Ann"}
        ask("POST", "/api/v1/review", 200, body=body)
    ask("POST", "/api/v1/review", 409, body=body)
    assert ask("GET", "/api/v1/review", 200, query="?decision=rejected").json["comparisons"][0]["decision"]
    assert len(ask("GET", "/api/v1/review/decisions", 200).json) >= 3


def ask_of_annotations(ask, comparison):
    here = f"{ONE}/annotations"
    assert ask("GET", here, 200, name=comparison).json["at"] is None
    drawn = [{"kind": "removed", "side": "before", "form": "box", "points": [[5, 5], [20, 5], [20, 20], [5, 20]]}]
    said = {"regions": {"1": "replaced"}, "shapes": drawn, "revision": 0, "who": "Ann"}
    ask("PUT", here, 200, name=comparison, body=said)
    ask("PUT", here, 409, name=comparison, body=said)
    archive = ask("GET", f"{here}.zip", 200, query="?format=labelme", name=comparison).body
    assert ask("POST", f"{here}/import", 200, name=comparison, body=archive).json["shapes"]
    ask("POST", f"{here}/import", 422, name=comparison, body=b"none")
    ask("GET", "/api/v1/annotations.zip", 200)
    ask("GET", "/api/v1/annotations.zip", 404, query="?place=yard")


def ask_of_learning(ask, texture):
    corrected_place(ask.server, texture, "shelf", count=4)
    of_place, training, measurement = (f"/api/v1/{what}" for what in ("places/{place}", "trainings", "measurements"))
    ask("POST", f"{of_place}/trainings", 409, place="yard")
    name = ask("POST", f"{of_place}/trainings", 201, place="shelf", body={"steps": 1}).json["id"]
    ask("PUT", f"{of_place}/weights", 409, place="shelf", body={"training": name})
    ask("GET", f"{training}/{{name}}", 200, name=name)
    ask("POST", f"{training}/{{name}}/stop", 200, name=name)
    ask("POST", f"{training}/{{name}}/continue", 200, name=name)
    ask("POST", f"{training}/{{name}}/stop", 200, name=name)
    ask("GET", f"{training}/{{name}}/samples/{{asked}}", 404, name=name, asked="0000000.png")
    assert ask("GET", f"{of_place}/trainings", 200, place="shelf").json["trainings"]
    ask("PUT", f"{of_place}/weights", 200, place="shelf", body={"training": None})
    ask("POST", f"{of_place}/measurements", 422, place="shelf", body={"methods": ["pixel"]})
    methods = {"methods": ["classic", "pixel"]}
    name = ask("POST", f"{of_place}/measurements", 201, place="shelf", body=methods).json["id"]
    ask("POST", f"{measurement}/{{name}}/stop", 200, name=name)
    ask("POST", f"{measurement}/{{name}}/continue", 200, name=name)
    until(lambda: ask("GET", f"{measurement}/{{name}}", 200, name=name).json["state"] in ("done", "failed"))
    shown = ask("GET", f"{measurement}/{{name}}", 200, name=name).json
    (made,) = ask.server.data.glob(f"runs/{name}/pairs")
    made.rename(ask.server.data.parent / "sets" / "pairs")
    assert [row["method"] for row in shown["table"]] == methods["methods"], shown["problem"]
    chart = shown["charts"][0].rpartition("/")[2]
    ask("GET", f"{measurement}/{{name}}/charts/{{asked}}", 200, name=name, asked=chart)
    assert ask("GET", f"{of_place}/measurements", 200, place="shelf").json["measurements"]
    assert ask("GET", "/api/v1/sets", 200).json == [{"name": "pairs", "pairs": 4}]
    on_set = "/api/v1/sets/{labelled}/measurements"
    name = ask("POST", on_set, 201, labelled="pairs", body=methods).json["id"]
    ask("POST", f"{measurement}/{{name}}/stop", 200, name=name)
    assert ask("GET", on_set, 200, labelled="pairs").json["measurements"][0]["labelled_set"] == "pairs"
    ask("GET", on_set, 404, labelled="none")


def ask_of_watch(ask):
    [found] = until(lambda: events_of(ask.server, kind="left"))  # others come, as no more pictures do
    event = found["id"]
    assert ask("GET", "/api/v1/events", 200, query="?state=open&camera=hall&kind=left").json[0]["box"]
    ask("GET", "/api/v1/events", 422, query="?limit=0")
    for role in found["files"]:
        ask("GET", f"{EVENT}/{{role}}", 200, name=event, role=role)
    assert {"before", "mask"} <= set(found["files"])
    status = until(lambda: (told := ask("GET", "/api/v1/watch", 200).json)["cameras"][0]["open"] and told)
    assert status["running"]
    ask("GET", "/api/v1/watch/cameras/{name}.jpg", 200, name="hall")
    ask("GET", EVENT, 200, name=event)
    ask("POST", f"{EVENT}/acknowledge", 200, name=event, body={"who": "Ann", "note": "on its way"})
    ask("POST", f"{EVENT}/normal", 200, name=event)
    assert ask("GET", EVENT, 200, name=event).json["closed"]
    ask("GET", EVENT, 404, name="hall-9")
    zones = ask("GET", "/api/v1/watch/zones", 200).json["zones"]
    ask("PUT", "/api/v1/watch/zones", 200, body={"zones": [{**zones[0], "min_area": 50}]})
    ask("PUT", "/api/v1/watch/zones", 422, body={"zones": [{"name": "a", "what": ["stolen"]}]})


def ask_of_accounts(ask):
    assert ask("GET", "/api/v1/me", 200).json["by"] == ""
    ask("POST", "/api/v1/accounts", 409, body={"name": "nightly", "scope": "read"})
    admin = bearing(give_token(ask.server.data, "ann", "admin"))
    ask("GET", "/api/v1/me", 401)
    assert ask("GET", "/api/v1/me", 200, headers=admin).json["name"] == "ann"
    made = {"name": "nightly", "scope": "read", "days": 9}
    token = ask("POST", "/api/v1/accounts", 201, headers=admin, body=made).json["token"]
    ask("GET", "/api/v1/accounts", 403, headers=bearing(token))
    assert len(ask("GET", "/api/v1/accounts", 200, headers=admin).json) == 2
    ask("DELETE", "/api/v1/accounts/{name}", 200, headers=admin, name="nightly")
    ask("DELETE", "/api/v1/accounts/{name}", 404, headers=admin, name="nightly")


def test_every_address_says_what_comes_back_with_an_example(document):
    schemas = document["components"]["schemas"]
    for key, operation in operations(document).items():
        assert operation["summary"][0].isupper(), key
        statuses = [status for status in operation["responses"] if status.startswith("2")]
        assert statuses, key
        for status in statuses:
            content = operation["responses"][status]["content"]
            assert content, key
            for kind, said in content.items():
                assert said["schema"], key
                if kind == "application/json":
                    named = said["schema"].get("items", said["schema"])["$ref"].rpartition("/")[2]
                    assert schemas[named]["examples"], key
        for parameter in operation.get("parameters", ()):
            assert "example" in parameter or not parameter["required"], (key, parameter["name"])


def test_every_body_of_json_has_an_example(document):
    for key, operation in operations(document).items():
        for said in operation.get("requestBody", {}).get("content", {}).values():
            text = json.dumps(said["schema"])
            if "$ref" in text:
                named = text.partition("#/components/schemas/")[2].partition('"')[0]
                assert document["components"]["schemas"][named]["examples"], key


def test_examples_are_as_described(document):
    names = []
    for name, schema in document["components"]["schemas"].items():
        for example in schema.get("examples", ()):
            check(document, {"$ref": f"#/components/schemas/{name}"}, example)
            names.append(name)
    assert {"NewPlace", "Training", "Comparison"} <= set(names)


def test_every_reference_leads_somewhere(document):
    text = json.dumps(document)
    for part in text.split('"$ref": "#/components/schemas/')[1:]:
        assert part.partition('"')[0] in document["components"]["schemas"]
    assert "$defs" not in text
