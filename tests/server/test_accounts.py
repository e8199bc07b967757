"""Who may do what: nobody is let in unasked, and nothing secret is kept or logged as it is."""

from __future__ import annotations

import json
import re
import sqlite3
import time

import pytest

from server.account_verbs import PASSWORD, bearing, give_password, give_token, log_in, origin, refused, session, verb
from spotdiff.server import Settings
from spotdiff.server.api.authentication import scope_of
from spotdiff.server.app import create_app
from spotdiff.server.store import accounts as accounts_module
from spotdiff.server.store.accounts import Accounts
from spotdiff.server.store.open import open_database

PUBLIC = {"/healthz", "/login", "/logout", "/static/{name}"}
WISH = {"Prefer": "respond-async"}


def walk(routes, found):
    """Every method and address of an application, also those of routers within it."""
    for route in routes:
        inner = getattr(route, "original_router", None) or route
        if hasattr(inner, "routes"):
            walk(inner.routes, found)
        else:
            found |= {(method, route.path) for method in route.methods}
    return found


@pytest.fixture(scope="module", name="addresses")
def addresses_fixture(tmp_path_factory):
    data = tmp_path_factory.mktemp("addresses")
    engine = open_database(str(data / "server.db"))
    yield walk(create_app(Settings(data=data), engine, port=1).routes, set())
    engine.dispose()


@pytest.fixture(scope="module", name="closed")
def closed_fixture(tmp_path_factory):
    """A server with accounts, and the tokens of three scopes."""
    from server.conftest import Server

    data = tmp_path_factory.mktemp("closed") / "data"
    give_password(data, "ann", "write")
    give_password(data, "eve", "admin")
    tokens = {scope: give_token(data, f"t-{scope}", scope) for scope in ("read", "write", "admin")}
    server = Server(data, ("--workers", "1")).start()
    yield server, tokens
    server.end()


def test_every_address_asks_who_one_is(closed, addresses):
    server, tokens = closed
    assert {path for _, path in addresses} >= {"/", "/api/v1/compare", "/api/v1/accounts", *PUBLIC}
    for method, path in sorted(addresses):
        address = re.sub(r"{.*?}", "none", path)
        public = server.ask(method, address).status != 401
        assert public == (path in PUBLIC), (method, path)
        if public:
            continue
        assert server.ask(method, address, headers=bearing("spotdiff_wrong")).status == 401
        needed = scope_of(method, path)
        for scope, includes in (("read", "read"), ("write", "read write"), ("admin", "read write admin")):
            if method == "DELETE" and scope == "admin":
                continue
            status = server.ask(method, address, headers=bearing(tokens[scope])).status
            assert (status != 403) == (needed in includes), (method, path, scope, status)


def test_what_changes_something_needs_more_than_reading(addresses):
    for method, path in addresses:
        if path not in PUBLIC and method not in ("GET", "HEAD"):
            assert scope_of(method, path) in ("write", "admin")
    assert {path for method, path in addresses if scope_of(method, path) == "admin"} == {
        "/api/v1/accounts",
        "/api/v1/accounts/{name}",
    }


@pytest.mark.parametrize(
    "address",
    ["/static/../api/v1/places", "//api/v1/places", "/healthz/../api/v1/places", "/API/v1/places", "/login/x"],
)
def test_no_spelling_of_an_address_passes_for_a_public_one(closed, address):
    server, _ = closed
    assert server.ask("GET", address).status in (401, 404)
    assert b"[" not in server.ask("GET", address).body


def test_a_token_is_heard_in_its_header_alone(closed):
    server, tokens = closed
    token = tokens["read"]
    assert server.get("/api/v1/me", **bearing(token)).json["scopes"] == ["read"]
    for address, headers in [
        (f"/api/v1/me?token={token}", {}),
        (f"/api/v1/me?access_token={token}", {}),
        ("/api/v1/me", {"Authorization": f"Basic {token}"}),
        ("/api/v1/me", {"Authorization": token}),
        ("/api/v1/me", {"Cookie": f"spotdiff_{server.port}={token}"}),
        ("/api/v1/me", bearing(token[:-1])),
        ("/api/v1/me", bearing("")),
        ("/api/v1/me", bearing("ü")),
    ]:
        reply = server.get(address, **headers)
        assert reply.status == 401, (address, headers)
        assert reply.headers["www-authenticate"].startswith("Bearer")
        assert token not in reply.body.decode()


def test_tokens_end_and_are_revoked(own_server):
    server = own_server()
    short, long = give_token(server.data, "short", "read", "--days", "1"), give_token(server.data, "long", "read")
    assert server.get("/api/v1/me", **bearing(short)).json["name"] == "short"
    with sqlite3.connect(server.data / "server.db") as rows:
        rows.execute("update accounts set expires = 1 where name = 'short'")
    assert server.get("/api/v1/me", **bearing(short)).status == 401
    assert server.get("/api/v1/me", **bearing(long)).status == 200
    assert verb(server.data, "revoke", "long").returncode == 0
    assert server.get("/api/v1/me", **bearing(long)).status == 401


def test_a_lone_machine_asks_nobody_until_there_is_an_account(own_server, pictures):
    server = own_server()
    assert server.get("/api/v1/me").json["scopes"] == ["read", "write", "admin"]
    assert server.post("/api/v1/accounts", {"name": "x", "scope": "admin"}).status == 409
    token = give_token(server.data, "first", "write")
    assert server.get("/api/v1/places").status == 401
    assert server.compare(*pictures, headers=bearing(token)).status == 200
    assert verb(server.data, "revoke", "first").returncode == 0
    assert server.get("/api/v1/places").status == 200


def test_logging_in_and_out(closed, pictures):
    server, _ = closed
    page = server.get("/login?next=/places")
    assert b'value="/places"' in page.body
    assert "form-action 'self'" in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "same-origin"  # else a browser's form says that its Origin is null
    reply = log_in(server, "ann", next="/places")
    assert (reply.status, reply.headers["location"]) == (303, "/places")
    said = reply.headers["set-cookie"].lower()
    assert "httponly" in said
    assert "samesite=strict" in said
    assert "secure" not in said.replace("spotdiff", "")
    cookie = {"Cookie": reply.headers["set-cookie"].partition(";")[0]}
    assert server.get("/api/v1/me", **cookie).json["name"] == "ann"
    assert server.compare(*pictures, headers=cookie | origin(server)).status == 200
    assert server.compare(*pictures, headers=cookie).status == 403
    assert server.compare(*pictures, headers=cookie | {"Origin": "http://evil.example"}).status == 403
    assert server.get("/api/v1/accounts", **cookie).status == 403
    assert server.ask("POST", "/logout", headers=cookie).status == 403
    assert server.ask("POST", "/logout", headers=cookie | origin(server)).status == 303
    assert server.get("/api/v1/me", **cookie).status == 401


def test_every_session_is_another_and_none_is_guessed(closed):
    server, _ = closed
    first, second = session(server, "ann"), session(server, "eve")
    assert first["Cookie"] != second["Cookie"]
    assert server.get("/api/v1/me", **first).json["name"] == "ann"
    assert server.get("/api/v1/me", **second).json["name"] == "eve"
    chosen = {"Cookie": f"spotdiff_{server.port}=chosen-by-somebody-else"}
    fixed = log_in(server, "ann", headers=chosen)
    assert "chosen" not in fixed.headers["set-cookie"]
    assert server.get("/api/v1/me", **chosen).status == 401


def test_sessions_end(own_server):
    server = own_server()
    names = ("ann", "bob", "eve", "dan")
    for name in names:
        give_password(server.data, name)
    cookies = [session(server, name) for name in names]

    def heard():
        return [server.get("/api/v1/me", **cookie).status for cookie in cookies]

    assert heard() == [200, 200, 200, 200]
    verb(server.data, "revoke", "ann")
    assert heard() == [401, 200, 200, 200]
    verb(server.data, "password", "bob", given="another password\n")
    assert heard() == [401, 401, 200, 200]
    with sqlite3.connect(server.data / "server.db") as rows:
        rows.execute("update sessions set expires = 1 where account = 'eve'")
    assert heard() == [401, 401, 401, 200]


def test_a_browser_is_shown_where_to_log_in(closed):
    server, _ = closed
    page = server.get("/places/hall?x=1", Accept="text/html,*/*")
    assert (page.status, page.headers["location"]) == (303, "/login?next=%2Fplaces%2Fhall%3Fx%3D1")
    assert server.get("/places/hall", Accept="application/json").status == 401


@pytest.mark.parametrize(
    "address", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", ""]
)
def test_nobody_is_sent_elsewhere_after_logging_in(closed, address):
    server, _ = closed
    assert log_in(server, "ann", next=address).headers["location"] == "/"


def test_hostile_words_of_the_login_page(closed):
    server, _ = closed
    page = server.get("/login?next=/%22%3E%3Cscript%3Ealert(1)%3C/script%3E")
    assert b"<script>alert" not in page.body
    for body in (b"\xff\xfe", b"&".join([b"a=1"] * 100), b"name=ann", b"password=%00&name=%00", b"name=%ED%A0%80"):
        assert server.ask("POST", "/login", body=body, headers=origin(server)).status in (400, 401, 429)


def test_too_many_attempts_are_sent_away(own_server):
    server = own_server()
    give_password(server.data, "ann")
    statuses = [log_in(server, "ann", "wrong password").status for _ in range(12)]
    assert statuses[:10] == [401] * 10
    late = log_in(server, "ann")
    assert late.status == 429
    assert int(late.headers["retry-after"]) >= 1
    assert "set-cookie" not in late.headers


def test_names_that_are_unknown_are_hashed_all_the_same(tmp_path, monkeypatch):
    engine = open_database(str(tmp_path / "server.db"))
    known = Accounts(engine)
    known.set_password("ann", PASSWORD)
    token = known.add_token("ci", scope="read")
    hashed = []
    matches = accounts_module._matches
    monkeypatch.setattr(accounts_module, "_matches", lambda kept, given: (hashed.append(kept), matches(kept, given))[1])
    assert known.log_in("nobody", PASSWORD) is None
    assert known.log_in("ci", token) is None
    assert known.log_in("ann", "wrong") is None
    assert known.log_in("ann", PASSWORD) is not None
    assert [each.startswith("$argon2id$") for each in hashed] == [True] * 4
    engine.dispose()


def test_nothing_secret_is_kept_or_logged_as_it_is(own_server, pictures):
    server = own_server()
    give_password(server.data, "ann")
    token = give_token(server.data, "ci", "write")
    cookie = session(server, "ann")
    log_in(server, "ann", "a wrong password")
    server.compare(*pictures, headers=bearing(token))
    server.get(f"/api/v1/me?token={token}")
    server.get("/api/v1/me", Authorization=f"Bearer {token}x")
    server.ask("POST", "/login", body=f"password={PASSWORD}", headers=cookie)
    secrets = [token, PASSWORD, "a wrong password", cookie["Cookie"].partition("=")[2]]
    for path in [server.log, *(path for path in server.data.rglob("*") if path.is_file())]:
        kept = path.read_bytes()
        for secret in secrets:
            assert secret.encode() not in kept, path


def test_an_administrator_looks_after_tokens(closed):
    server, tokens = closed
    headers = {**bearing(tokens["admin"]), "Content-Type": "application/json"}
    made = server.ask("POST", "/api/v1/accounts", body=json.dumps({"name": "n", "scope": "read"}), headers=headers)
    assert made.status == 201
    assert server.get("/api/v1/me", **bearing(made.json["token"])).json["name"] == "n"
    listed = server.get("/api/v1/accounts", **headers)
    assert {"ann", "n", "t-read"} <= {one["name"] for one in listed.json}
    assert made.json["token"] not in listed.body.decode()
    assert "argon2" not in listed.body.decode()
    again = server.ask("POST", "/api/v1/accounts", body=json.dumps({"name": "n", "scope": "read"}), headers=headers)
    assert again.status == 422
    assert server.ask("DELETE", "/api/v1/accounts/n", headers=headers).status == 200
    assert server.ask("DELETE", "/api/v1/accounts/n", headers=headers).status == 404
    assert server.ask("DELETE", "/api/v1/accounts/t-admin", headers=headers).status == 409
    assert server.get("/api/v1/me", **bearing(made.json["token"])).status == 401


def test_what_is_done_is_done_in_the_name_of_the_account(closed, pictures):
    server, tokens = closed
    headers = {**bearing(tokens["write"]), "Content-Type": "application/json"}
    server.ask("POST", "/api/v1/places", body='{"name": "gate"}', headers=headers)
    server.send("/api/v1/places/gate/pictures", bearing(tokens["write"]), picture=pictures[0])
    server.ask("POST", "/api/v1/places/gate/approve", body='{"who": "the director"}', headers=headers)
    place = server.get("/api/v1/places/gate", **headers).json
    assert place["approvals"][0]["who"] == "t-write"


def test_verbs_tell_what_is_wrong_in_a_line(tmp_path):
    data = tmp_path / "data"
    assert "--data" in refused(data, "accounts")
    assert not data.exists()
    assert "8 to 1000" in refused(data, "password", "ann", given="short\n")
    assert "8 to 1000" in refused(data, "password", "ann", given="")
    assert "slash" in refused(data, "password", "a/b", given=PASSWORD)
    assert "slash" in refused(data, "token", " ann")
    give_token(data, "ci", "read")
    assert "already" in refused(data, "token", "ci")
    assert "token" in refused(data, "password", "ci", given=PASSWORD)
    assert "no account" in refused(data, "revoke", "nobody")
    assert "scope" in refused(data, "token", "x", "--scope", "all").lower()
    listed = json.loads(verb(data, "accounts", "--json").stdout)
    assert [(one["name"], one["kind"], one["scope"]) for one in listed] == [("ci", "token", "read")]
    assert "token" in verb(data, "accounts").stdout


def test_a_scope_stays_when_a_password_changes(tmp_path):
    give_password(tmp_path, "ann", "admin")
    assert verb(tmp_path, "password", "ann", given="another password\n").returncode == 0
    assert json.loads(verb(tmp_path, "accounts", "--json").stdout)[0]["scope"] == "admin"


def test_other_machines_are_served_under_the_names_that_were_given(own_server, tmp_path):
    give_password(tmp_path / "data", "ann")
    server = own_server("--host", "0.0.0.0", "--name", "hall.example", "--name", "https://safe.example")
    port = server.port
    for host, status in {
        f"127.0.0.1:{port}": 401,
        f"192.168.1.7:{port}": 401,
        f"[fe80::1]:{port}": 401,
        f"hall.example:{port}": 401,
        "safe.example": 401,
        "safe.example:443": 401,
        "hall.example": 421,
        f"safe.example:{port}": 421,
        "192.168.1.7": 421,
        f"evil.example:{port}": 421,
        f"127.0.0.1.evil.example:{port}": 421,
    }.items():
        assert server.get("/api/v1/me", Host=host).status == status, host
    safe = log_in(server, "ann", headers={"Host": "safe.example", "Origin": "https://safe.example"})
    assert "; Secure" in safe.headers["set-cookie"]
    crossed = log_in(server, "ann", headers={"Host": "safe.example", "Origin": "http://safe.example"})
    assert crossed.status == 403


@pytest.mark.parametrize("name", ["hall example", "http://", "ftp://hall.example", "hall.example/x", "hall:99999", "*"])
def test_names_that_are_none(name, tmp_path):
    assert "--name" in refused(tmp_path / "data", "--name", name)


def test_a_server_behind_a_proxy_asks_who_one_is(tmp_path):
    assert "password" in refused(tmp_path / "data", "--port", "0", "--name", "https://hall.example")


def test_an_account_that_asks_too_often_waits(own_server, tmp_path):
    token = give_token(tmp_path / "data", "ci", "read")
    server = own_server("--rate", "30")
    replies = [server.get("/api/v1/me", **bearing(token))]
    while replies[-1].status == 200 and len(replies) < 90:  # one more every two seconds
        replies.append(server.get("/api/v1/me", **bearing(token)))
    assert [reply.status for reply in replies] == [200] * (len(replies) - 1) + [429]
    assert len(replies) > 30
    assert 1 <= int(replies[-1].headers["retry-after"]) <= 2
    assert server.get("/api/v1/me").status == 401  # an address is counted by itself
    time.sleep(int(replies[-1].headers["retry-after"]))
    assert server.get("/api/v1/me", **bearing(token)).status == 200


def test_an_account_has_its_share_of_the_queue(own_server, tmp_path, pictures, large_pictures):
    ann, bob = (give_token(tmp_path / "data", name, "write") for name in ("ann", "bob"))
    server = own_server("--quota-jobs", "2")
    busy = server.compare(*large_pictures, method="classic", headers={**WISH, **bearing(ann)}).headers["location"]
    while server.get(busy, **bearing(ann)).json["state"] == "queued":
        time.sleep(0.02)
    replies = [server.compare(*pictures, headers={**WISH, **bearing(ann)}) for _ in range(3)]
    assert [reply.status for reply in replies] == [202, 202, 429]
    assert int(replies[-1].headers["retry-after"]) > 0
    assert server.get("/api/v1/me", **bearing(ann)).json["jobs_waiting"] == 2
    assert server.compare(*pictures, headers={**WISH, **bearing(bob)}).status == 202


def test_an_account_keeps_no_more_than_its_quota(own_server, tmp_path, pictures):
    ann, bob = (give_token(tmp_path / "data", name, "write") for name in ("ann", "bob"))
    server = own_server("--quota-mb", "0.05")
    assert server.compare(*pictures, headers=bearing(ann)).status == 200
    kept = server.get("/api/v1/me", **bearing(ann)).json["kept_mb"]
    files = [path for folder in ("pictures", "answers") for path in (server.data / folder).rglob("*") if path.is_file()]
    assert kept == pytest.approx(sum(path.stat().st_size for path in files) / 1e6)
    assert kept > 0.05
    over = server.compare(*pictures, headers=bearing(ann))
    assert over.status == 429
    assert "quota" in over.json["detail"]
    assert int(over.headers["retry-after"]) > 0
    assert server.compare(*pictures, headers=bearing(bob)).status == 200
