"""The OpenAPI document says what really comes back, and has an example for every address."""

from __future__ import annotations

import json
from uuid import uuid4

import jsonschema
import pytest

WISH = {"Prefer": "respond-async"}


@pytest.fixture(scope="module", name="document")
def document_fixture(server):
    return server.get("/api/v1/openapi.json").json


def operations(document):
    return {
        (method, path): operation for path, known in document["paths"].items() for method, operation in known.items()
    }


def check(document, schema, value):
    whole = {**schema, "components": document["components"]}
    jsonschema.Draft202012Validator(whole, format_checker=jsonschema.FormatChecker()).validate(value)


def check_reply(document, method, path, reply):
    """That a reply is what the document says of its status."""
    responses = operations(document)[method.lower(), path]["responses"]
    said = responses.get(str(reply.status), responses["default"])
    kind = reply.headers["content-type"].partition(";")[0]
    assert kind in said["content"], (reply.status, kind)
    if kind.endswith("json"):
        check(document, said["content"][kind]["schema"], reply.json)


def test_every_real_reply_is_as_described(own_server, pictures, document, large_pictures):
    server = own_server()
    seen = set()

    def ask(method, path, *, name="", **more):
        reply = server.ask(method, path.replace("{name}", name), **more)
        seen.add((method.lower(), path))
        check_reply(document, method, path, reply)
        return reply

    def send(path, *, name="", headers=None, **parts):
        reply = server.send(path.replace("{name}", name), headers, **parts)
        seen.add(("post", path))
        check_reply(document, "post", path, reply)
        return reply

    as_json = {"Content-Type": "application/json"}
    both = {"before": pictures[0], "after": pictures[1], "options": '{"method": "pixel"}'}
    record = send("/api/v1/compare", **both).json
    assert send("/api/v1/compare", before=pictures[0]).status == 422
    large = dict(zip(("before", "after"), large_pictures, strict=True))
    busy = send("/api/v1/compare", headers=WISH, **large, options='{"method": "classic"}').json["id"]
    one, job = "/api/v1/comparisons/{name}", "/api/v1/jobs/{name}"
    assert ask("GET", job, name=busy).status == 200
    assert ask("DELETE", job, name=busy).status == 200
    assert ask("DELETE", job, name=busy).status == 409
    assert ask("POST", f"{job}/retry", name=busy).status == 202
    server.ask("DELETE", f"/api/v1/jobs/{busy}")
    assert ask("POST", f"{job}/retry", name=record["id"]).status == 409
    assert ask("GET", f"{job}/events", name=record["id"]).status == 200
    assert ask("GET", "/api/v1/jobs").status == 200
    for ending in ("", ".html", ".png", "/before.png", "/after.png", "/mask/before.png", "/mask/after.png"):
        assert ask("GET", one + ending, name=record["id"]).status == 200
        assert ask("GET", one + ending, name="none").status == 404
    assert server.get(f"/api/v1/comparisons/{record['id']}?max_pixels=99999999").json["verdict"] == "same"
    assert ask("GET", "/api/v1/comparisons").status == 200
    place = uuid4().hex
    for status in (201, 409):
        body = json.dumps({"name": place})
        assert ask("POST", "/api/v1/places", body=body, headers=as_json).status == status
    picture = {"picture": pictures[0], "options": '{"method": "pixel"}'}
    for status, headers in ((201, {}), (200, {}), (202, WISH)):
        assert send("/api/v1/places/{name}/pictures", name=place, headers=headers, **picture).status == status
    assert ask("POST", "/api/v1/places/{name}/approve", name=place, body="{}", headers=as_json).status == 200
    assert ask("GET", "/api/v1/places/{name}", name=place).status == 200
    assert ask("GET", "/api/v1/places").status == 200
    assert ask("GET", "/healthz").status == 200
    assert seen >= {key for key, operation in operations(document).items() if "/api/v1/" in key[1]}


def test_every_address_says_what_comes_back_with_an_example(document):
    schemas = document["components"]["schemas"]
    for key, operation in operations(document).items():
        statuses = [status for status in operation["responses"] if status.startswith("2")]
        assert statuses, key
        for status in statuses:
            for kind, content in operation["responses"][status]["content"].items():
                assert content["schema"], key
                if kind == "application/json":
                    named = content["schema"].get("items", content["schema"])["$ref"].rpartition("/")[2]
                    assert schemas[named]["examples"], key
        for parameter in operation.get("parameters", ()):
            assert "example" in parameter or "schema" in parameter, key


def test_examples_are_as_described(document):
    for name, schema in document["components"]["schemas"].items():
        for example in schema.get("examples", ()):
            check(document, {"$ref": f"#/components/schemas/{name}"}, example)
    assert "examples" in document["components"]["schemas"]["NewPlace"]


def test_every_reference_leads_somewhere(document):
    text = json.dumps(document)
    for part in text.split('"$ref": "#/components/schemas/')[1:]:
        assert part.partition('"')[0] in document["components"]["schemas"]
    assert "$defs" not in text
