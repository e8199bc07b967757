"""After becomes the baseline: whole files, each approval written down before it is done, and undone as a whole."""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from spotdiff.atomic_write import write_whole
from spotdiff.batching.manifest import Manifest, read_index
from spotdiff.errors import DataError, OptionError

LOG, KEPT = "approvals.jsonl", ".approved"
APPROVABLE = ("changed", "unsure", "new", "missing")


@dataclass(frozen=True, slots=True)
class Step:
    """One baseline that changes.

    Attributes:
        name: Of the pair.
        old: The baseline there was; "" for a new one.
        new: The baseline there is; "" for one that is taken away.
        source: The picture that becomes the baseline; "" for none.
        kept: Where the old baseline is kept, below the folder of the answers; "" for none.
        digest_old, digest_new: SHA-256 of both; "" for none.
    """

    name: str
    old: str
    new: str
    source: str
    kept: str
    digest_old: str
    digest_new: str


def approve(out: Path, names: Sequence[str], *, everything: bool = False, only: str | None = None) -> list[Step]:
    """Make the later pictures of some pairs the baseline.

    Args:
        out: Folder of a batch's answers.
        names: Of the pairs.
        everything: All pairs that are not the same.
        only: Of those only the ones with this verdict.

    Raises:
        OptionError: a name is not in the index, or nothing was asked for.
        DataError: there is no such batch, it has one golden picture, a picture is gone, or a new one has no place.
        OSError: a file cannot be written.
    """
    manifest = Manifest.read(out)
    if manifest.golden:
        raise DataError(
            f"all pairs of {out} have one baseline, {manifest.golden}; put another picture in its place by hand"
        )
    chosen = _chosen(read_index(out), out, names, everything=everything, only=only)
    steps = [_step(row, manifest) for row in chosen]
    _check_claims(steps)
    if steps:
        number = max((line["number"] for line in _lines(out)), default=0) + 1
        for step in steps:
            if step.kept:
                write_whole(out / step.kept, Path(step.old).read_bytes())
        _log(out, what="approved", number=number, steps=[asdict(step) for step in steps])
        for step in steps:
            _apply(step)
    return steps


def undo(out: Path) -> list[Step]:
    """Undo the latest approval that was not undone yet: every baseline is what it was.

    Raises:
        DataError: there is none, what was kept is gone, or a baseline was changed since.
    """
    Manifest.read(out)
    lines = list(_lines(out))
    undone = {line["number"] for line in lines if line["what"] == "undone"}
    left = [line for line in lines if line["what"] == "approved" and line["number"] not in undone]
    if not left:
        raise DataError(f"{out} has no approval that could be undone")
    steps = [Step(**step) for step in left[-1]["steps"]]
    _check_undoable(steps, out)
    for step in steps:
        if step.kept:
            write_whole(Path(step.old), (out / step.kept).read_bytes())
        if step.new and step.new != step.old:
            Path(step.new).unlink(missing_ok=True)
    _log(out, what="undone", number=left[-1]["number"], steps=[])
    return steps


def _check_undoable(steps: Sequence[Step], out: Path) -> None:
    """Raise DataError where a baseline cannot be brought back, or one that was changed by hand would be lost."""
    for step in steps:
        if step.kept and not (out / step.kept).is_file():
            raise DataError(f"{out / step.kept} is gone: the baseline of {step.name} cannot be brought back")
        for path in filter(None, {step.old, step.new}):
            if Path(path).is_file() and _digest(path) not in (step.digest_old, step.digest_new):
                raise DataError(f"{path} was changed since it was approved, and would be lost; put it elsewhere first")


def _chosen(
    index: Iterable[dict[str, str]], out: Path, names: Sequence[str], *, everything: bool, only: str | None
) -> list[dict[str, str]]:
    if not names and not everything and not only:
        raise OptionError("approve takes names of pairs, --all, or --only changed|unsure|new|missing")
    rows = {row["name"]: row for row in index}
    if unknown := [name for name in names if name not in rows]:
        raise OptionError(f"{out} has no pair {unknown[0]!r}; its names are in {out / 'index.csv'}")
    wanted = [rows[name] for name in names] if names and not everything else list(rows.values())
    return [row for row in wanted if row["verdict"] in APPROVABLE and only in (None, row["verdict"])]


def _check_claims(steps: Sequence[Step]) -> None:
    """Raise DataError where two pairs have one baseline: only one picture can take its place."""
    claims: dict[str, str] = {}
    for step in steps:
        for path in filter(None, {step.old, step.new}):
            other = claims.setdefault(os.path.realpath(path), step.name)
            if other != step.name:
                raise DataError(f"{other} and {step.name} have one baseline, {path}; approve one of them by its name")


def _step(row: dict[str, str], manifest: Manifest) -> Step:
    name, (old, source) = row["name"], (_absolute(row[side], manifest) for side in ("before", "after"))
    for path in filter(None, (old, source)):
        if not Path(path).is_file():
            raise DataError(f"{name}: {path} is gone; run the batch again")
    new = ""
    if source:
        new = str(Path(old).with_suffix(Path(source).suffix)) if old else _place(name, source, manifest)
        if new != old and Path(new).exists():
            raise DataError(f"{name}: {new} is in the way; take it away first")
    digest = _digest(old)
    kept = f"{KEPT}/{digest}{Path(old).suffix}" if old else ""  # by its content: no later approval can take its place
    return Step(name, old, new, source, kept, digest, _digest(source))


def _place(name: str, source: str, manifest: Manifest) -> str:
    """Where a new baseline belongs."""
    if not manifest.before or not manifest.after:
        raise DataError(f"{name} is new, and a table does not say where its baseline belongs; write it into the table")
    return str(
        Path(_absolute(manifest.before, manifest)) / os.path.relpath(source, _absolute(manifest.after, manifest))
    )


def _absolute(path: str, manifest: Manifest) -> str:
    return str(Path(manifest.folder) / path) if path else ""


def _apply(step: Step) -> None:
    if step.new:
        write_whole(Path(step.new), Path(step.source).read_bytes())
    if step.old and step.new != step.old:
        Path(step.old).unlink(missing_ok=True)


def _digest(path: str) -> str:
    return sha256(Path(path).read_bytes()).hexdigest() if path else ""


def _log(out: Path, **values: Any) -> None:  # noqa: ANN401 (values of JSON)
    line = {"when": datetime.now(UTC).isoformat(timespec="seconds"), "who": _user(), **values}
    path = out / LOG
    cut_short = path.is_file() and not path.read_bytes().endswith(b"\n")  # by a kill: it must not spoil this line
    with path.open("a", encoding="utf-8") as file:
        file.write("\n" * cut_short)
        file.write(json.dumps(line, ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _user() -> str:
    with suppress(OSError, KeyError, ImportError):
        return getpass.getuser()
    return "unknown"


def _lines(out: Path) -> Iterator[dict[str, Any]]:
    """The log's lines; one that was cut short by a kill is none."""
    try:
        lines: Iterable[str] = (out / LOG).read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        with suppress(ValueError):
            values = json.loads(line)
            if isinstance(values, dict) and isinstance(values.get("number"), int):
                yield values
