"""Requests drawn from the server's own description, and others that it does not describe: none makes it fail."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.conftest import form

_TEXT = st.text(max_size=20) | st.sampled_from(["", "none", "\0", "..", "é/ü", "x" * 3000, "\ud800", "'\"; --", "%00"])
_NUMBER = st.integers() | st.sampled_from([-1, 0, 2**31, 2**63, 10**30])
_PLAIN = st.none() | st.booleans() | _NUMBER | st.floats() | _TEXT
_JSON = st.recursive(_PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3))
_HEADERS = st.dictionaries(
    st.sampled_from(["Prefer", "Accept", "Cookie", "Authorization", "If-None-Match", "Range", "Accept-Language"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=30)
    | st.sampled_from(["respond-async", "Bearer x", "bytes=0-1", "bytes=5-2", "text/html", "bytes=" + "0-1," * 200]),
    max_size=3,
)


@dataclass
class Operation:
    method: str
    path: str
    described: dict
    schemas: dict
    known: list[str]


def values(schema, schemas):
    """Values that a schema allows, as far as one that is written by hand needs to know it."""
    if "$ref" in schema:
        return values(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if "anyOf" in schema:
        return st.one_of([values(one, schemas) for one in schema["anyOf"]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema.get("type") == "object":
        needed = {name: values(one, schemas) for name, one in schema.get("properties", {}).items()}
        return st.fixed_dictionaries({}, optional=needed)
    if schema.get("type") == "array":
        return st.lists(values(schema.get("items", {}), schemas), max_size=3)
    kinds = {"string": _TEXT, "integer": _NUMBER, "number": _NUMBER | st.floats(), "boolean": st.booleans()}
    return kinds.get(schema.get("type"), _JSON if "type" not in schema else st.none())


@pytest.fixture(scope="module", name="operations")
def operations_fixture(server, pictures):
    described = server.get("/api/v1/openapi.json").json
    schemas = described.get("components", {}).get("schemas", {})
    server.post("/api/v1/places", {"name": "fuzz"})
    server.send("/api/v1/places/fuzz/pictures", picture=pictures[0])
    known = ["fuzz", server.compare(*pictures).json["id"]]
    return [
        Operation(method.upper(), path, one, schemas, known)
        for path, methods in described["paths"].items()
        for method, one in methods.items()
    ]


@pytest.mark.parametrize("group", ["compare", "comparisons", "places", "jobs", "accounts", "me", "healthz", ""])
def test_no_request_makes_the_server_fail(server, operations, pictures, group):
    named = ("compare", "comparisons", "places", "jobs", "accounts", "me", "healthz")
    asked = [
        one
        for one in operations
        if (group in one.path.split("/") if group else not set(named) & {part for part in one.path.split("/")})
    ]
    if not asked:
        assert not group
        return

    @settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.data())
    def ask(data):
        operation = data.draw(st.sampled_from(asked))
        if operation.path.endswith("/events"):  # a stream, which has tests of its own
            return
        check(server, operation, data, pictures)

    ask()


def check(server, operation, data, pictures):
    path = operation.path
    while "{" in path:
        name = path[path.index("{") : path.index("}") + 1]
        path = path.replace(
            name, quote(data.draw(_TEXT | st.sampled_from(operation.known)).encode("utf-8", "surrogatepass"), safe="")
        )
    parameters = operation.described.get("parameters", [])
    query = {
        one["name"]: str(data.draw(values(one.get("schema", {}), operation.schemas) | _TEXT))
        for one in parameters
        if one["in"] == "query" and data.draw(st.booleans())
    }
    if query:
        path += "?" + urlencode(query, errors="surrogatepass")
    content = operation.described.get("requestBody", {}).get("content", {})
    send = partial(json_body, data, operation, content)
    if "multipart/form-data" in content:
        send = partial(form_body, data, content, pictures)
    body, headers = send()
    headers |= data.draw(_HEADERS)
    reply = server.ask(operation.method, path, body=body, headers={n: v.encode("latin-1") for n, v in headers.items()})
    assert reply.status < 500, (operation.method, path, body, headers, reply.body)
    if reply.status >= 400:
        assert reply.headers["content-type"] == "application/problem+json", (path, reply.status)
        assert reply.json["status"] == reply.status
        assert "\n" not in reply.json["detail"]


def json_body(data, operation, content):
    if not content:
        return None, {}
    schema = next(iter(content.values())).get("schema", {})
    value = data.draw(values(schema, operation.schemas) | _JSON)
    body = data.draw(st.sampled_from([json.dumps(value).encode(), b"{", b"", b"\xff", b"[" * 10_000]) | st.binary())
    return body, {"Content-Type": data.draw(st.sampled_from(["application/json", "text/plain", "application/x"]))}


def form_body(data, content, pictures):
    picture = st.binary(max_size=50) | st.sampled_from([*pictures, pictures[0][:300], b"GIF89a" + b"\xff" * 20])
    parts = {}
    for name in content["multipart/form-data"]["schema"]["properties"]:
        if data.draw(st.integers(0, 9)):
            is_text = name not in ("before", "after", "picture")
            parts[name] = json.dumps(data.draw(_JSON | options())) if is_text else data.draw(picture)
    body, kind = form(**parts)
    return body, {"Content-Type": kind}


def options():
    """Options that may be: what is said of one is often right in kind."""
    from dataclasses import fields

    from spotdiff.options import Options

    names = [*(one.name for one in fields(Options)), "preset"]
    known = st.sampled_from(["pixel", "off", "screens", 0.5, 3, [[0, 0, 5, 5]], {"gate": [[0, 0], [9, 0], [9, 9]]}])
    return st.dictionaries(st.sampled_from(names), known | _JSON, max_size=2).map(
        lambda given: {"method": "pixel", "align": "off", "light": "off", **given}
    )
