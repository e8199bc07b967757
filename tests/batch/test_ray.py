"""Batches on a real Ray cluster of two nodes, with pictures behind S3 of moto, and a node that is killed meanwhile."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spotdiff.batching import Plan, pairs_of_table
from spotdiff.batching import run as batch
from spotdiff.batching.parts import Parts
from spotdiff.errors import DataError
from spotdiff.options import Options

pytest.importorskip("ray")
HERE = Path(__file__).parent
COUNT = 24
S3 = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_DEFAULT_REGION": "us-east-1"}


@pytest.fixture(scope="module")
def cluster(storage):
    """Its machines know the storage by themselves, as they do elsewhere."""
    command = [sys.executable, "-W", "ignore", str(HERE / "ray_cluster.py")]
    env = {**os.environ, **S3, "AWS_ENDPOINT_URL": storage}
    with subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        address = next(line.strip() for line in process.stdout if line.startswith("127.0.0.2:"))
        yield process, address
        process.stdin.close()
        process.wait(60)


@pytest.fixture(scope="module")
def storage():
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """COUNT pairs of which every third changed, one whose picture is not there, and one whose name leads out."""
    import pyarrow
    import pyarrow.parquet

    folder = tmp_path_factory.mktemp("pairs")
    rows = []
    for number in range(COUNT):
        before = np.random.default_rng(number).integers(0, 255, (48, 64, 3), dtype=np.uint8)
        after = before.copy()
        if number % 3 == 0:
            after[10:30, 10:40] = 200
        for side, pixels in (("before", before), ("after", after)):
            Image.fromarray(pixels).save(folder / f"{number}.{side}.png")
        rows.append({"name": f"pair{number:02}", "before": f"{number}.before.png", "after": f"{number}.after.png"})
    rows += [{"name": "gone", "before": "none.png", "after": "0.after.png"}]
    rows += [{"name": "../out", "before": "0.before.png", "after": "0.after.png"}]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), folder / "pairs.parquet", row_group_size=8)
    (folder / "pairs.csv").write_text("name,before,after\n" + "".join(",".join(row.values()) + "\n" for row in rows))
    return folder


def spotdiff(*arguments, address="", storage="", **more):
    env = {**os.environ, "RAY_ADDRESS": address, **S3, **({"AWS_ENDPOINT_URL": storage} if storage else {})}
    command = [sys.executable, "-m", "spotdiff", "batch", *map(str, arguments), "--method", "pixel"]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)


def ended(process):
    out, err = process.communicate(timeout=900)
    return process.returncode, out, err


def placeless(record):
    """A record without how long it took, and where its files lie."""
    sides = {side: {**record[side], "path": ""} for side in ("before", "after")}
    return {name: value for name, value in {**record, **sides}.items() if name != "seconds"}


def test_s3_in_and_out_with_a_node_killed_midway_and_a_second_run_that_goes_on(
    cluster, storage, table, tmp_path, monkeypatch
):
    import fsspec

    for name, value in {**S3, "AWS_ENDPOINT_URL": storage}.items():
        monkeypatch.setenv(name, value)
    files = fsspec.filesystem("s3", skip_instance_cache=True)
    files.mkdir("bucket")
    files.put(str(table), "bucket/in", recursive=True)
    out = ("--out", "s3://bucket/out", "--engine", "ray")
    run = spotdiff("s3://bucket/in/pairs.parquet", *out, address=cluster[1], storage=storage)
    deadline = time.monotonic() + 600
    while not files.glob("bucket/out/parts/*") and run.poll() is None and time.monotonic() < deadline:
        time.sleep(0.2)
        files.invalidate_cache()
    cluster[0].stdin.write("kill\n")
    cluster[0].stdin.flush()
    code, told, err = ended(run)
    assert code == 2, err
    assert f"{COUNT + 2} pairs" in told, err
    assert err.count("\n") == 1
    files.invalidate_cache()
    rows = {row["name"]: row for row in Parts("s3://bucket/out").rows()}
    written = [row["name"] for path in files.glob("bucket/out/parts/*") for row in _names(files, path)]
    assert len(written) == len(set(written)) == len(rows) == COUNT + 2
    assert {rows[name]["verdict"] for name in ("gone", "../out")} == {"trouble"}
    entries = [entry for entry in pairs_of_table(table / "pairs.csv") if entry.name.startswith("pair")]
    for done in batch(entries, Plan(tmp_path, Options(method="pixel")), workers=0):
        own, there = (json.loads(text) for text in (rows[done.row.name]["record"], _record(tmp_path, done)))
        assert placeless(own) == placeless(there)
        assert rows[done.row.name]["verdict"] == done.row.verdict

    Image.new("RGB", (64, 48)).save(table / "none.png")  # the same pictures, named by another table
    again = spotdiff("pairs.csv", *out, address=cluster[1], storage=storage, cwd=table)
    _, told, err = ended(again)
    assert f"{COUNT} skipped, answered by an earlier run" in told, err
    rows = {row["name"]: row for row in Parts("s3://bucket/out").rows()}
    assert (rows["gone"]["verdict"] != "trouble", rows["gone"]["run"], rows["pair00"]["run"]) == (True, 2, 1)


def _record(folder, done):
    return (folder / f"{done.row.name}.json").read_text()


def _names(files, path):
    import pyarrow.parquet

    with files.open(path) as file:
        return pyarrow.parquet.read_table(file, columns=["name"]).to_pylist()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["s3://b/pairs.csv", "--out", "x", "--engine", "ray"], "takes one Parquet table"),
        (["pairs.csv", "--out", "x", "--engine", "ray", "--maps"], "leave --maps"),
        (["pairs.csv", "--out", "s3://b/x"], "--engine ray"),
    ],
)
def test_what_does_not_go_together_is_told_in_a_line(table, arguments, told):
    code, _, err = ended(spotdiff(*arguments, cwd=table))
    assert (code, err.count("\n")) == (2, 1)
    assert told in err


def test_a_folder_with_a_broken_part_is_told(tmp_path):
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "part-1.parquet").write_bytes(b"no parquet")
    with pytest.raises(DataError, match="cannot be read"):
        Parts(str(tmp_path)).finished()
