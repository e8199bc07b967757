"""The same server on PostgreSQL, and tables that the migrations make as the code has them."""

from __future__ import annotations

import signal

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from server.account_verbs import bearing, give_token
from spotdiff.server import Settings
from spotdiff.server.store.open import open_database
from spotdiff.server.store.retention import Deleted, delete_older
from spotdiff.server.store.schema import VERSION, metadata
from watching.events.test_store_postgres import throwaway_server


@pytest.fixture(scope="module", name="postgres")
def postgres_fixture():
    yield from throwaway_server()


def differences(url):
    engine = open_database(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION})
        found = compare_metadata(context, metadata)
    engine.dispose()
    return found


def test_migrations_make_the_tables_of_the_code(tmp_path):
    assert differences(f"sqlite:///{tmp_path / 'server.db'}") == []


def test_migrations_make_them_in_postgresql(postgres):
    assert differences(postgres.database()) == []


def test_a_server_on_postgresql(postgres, own_server, pictures):
    url = postgres.database()
    server = own_server("--database", url)
    record = server.compare(*pictures).json
    assert record["verdict"] == "changed"
    assert server.post("/api/v1/places", {"name": "yard"}).status == 201
    assert server.send("/api/v1/places/yard/pictures", picture=pictures[0]).status == 201
    assert server.post("/api/v1/places/yard/approve", {}).status == 200
    headers = {"Content-Type": "application/json"}
    changed = server.ask("PATCH", "/api/v1/places/yard", body='{"options": {"method": "pixel"}}', headers=headers)
    assert changed.json["options"] == {"method": "pixel"}
    later = server.send("/api/v1/places/yard/pictures", picture=pictures[1]).json["id"]
    waiting = server.get("/api/v1/review").json
    assert (waiting["counts"]["open"], waiting["places"]) == (2, ["yard"])
    for decision in ("approved", "undone"):
        assert server.post("/api/v1/review", {"decision": decision, "comparisons": [later]}).status == 200
    assert server.get("/api/v1/places/yard").json["baseline"]["comparison"] is None
    assert [one["decision"] for one in server.get("/api/v1/review/decisions").json] == ["undone", "approved"]
    correction = f"/api/v1/comparisons/{later}/annotations"
    statuses = [server.ask("PUT", correction, body='{"revision": 0}', headers=headers).status for _ in range(2)]
    assert statuses == [200, 409]
    assert server.get("/api/v1/annotations.zip?place=yard").status == 200
    assert server.get("/api/v1/places").json[0]["latest"]["verdict"] == "changed"
    assert server.end(signal.SIGTERM) == 0
    again = own_server("--database", url)
    assert again.get(f"/api/v1/comparisons/{record['id']}").json == record
    assert not (server.data / "server.db").exists()


def test_accounts_and_retention_on_postgresql(postgres, own_server, pictures):
    url = postgres.database()
    server = own_server("--database", url)
    assert server.compare(*pictures).status == 200
    headers = bearing(give_token(server.data, "ci", "write", "--database", url))
    assert server.compare(*pictures).status == 401
    young = server.compare(pictures[0], pictures[0], headers=headers).json
    assert server.get("/api/v1/me", **headers).json["kept_mb"] > 0
    assert server.ask("POST", "/api/v1/places", body='{"name": "a\\u0000"}', headers=headers).status == 422
    assert server.get("/api/v1/jobs/%00", **headers).status in (404, 422)
    engine = open_database(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("update jobs set created = created - 864000000000 where number = 1")
        connection.exec_driver_sql("update uploads set received = received - 864000000000")
    assert delete_older(engine, Settings(data=server.data, database=url, keep=7)) == Deleted(jobs=1, pictures=1)
    engine.dispose()
    assert server.get(f"/api/v1/comparisons/{young['id']}", **headers).json == young
    assert len(list((server.data / "pictures").glob("*/*"))) == 1
