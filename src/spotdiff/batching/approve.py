"""After becomes the baseline: whole files, each approval written down before it is done, and undone as a whole.

Only what was looked at is approved: the index holds SHA-256 of the pictures that the batch compared.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from spotdiff.atomic_write import write_whole
from spotdiff.batching.approval_log import Approval, Step, log, read_approvals
from spotdiff.batching.manifest import Manifest, read_index
from spotdiff.cache_key import content_digest
from spotdiff.errors import DataError, OptionError
from spotdiff.file_lock import try_lock
from spotdiff.output_files import is_file_name
from spotdiff.params import hint

KEPT = ".approved"
_ONE_FORMAT = {".jpeg": ".jpg", ".jpe": ".jpg", ".tiff": ".tif", ".heif": ".heic"}  # two spellings of a suffix


@dataclass(frozen=True, slots=True)
class Approved:
    """What an approval came to.

    Attributes:
        steps: The baselines that changed.
        nothing_to_do: Names asked for whose baseline is as it should be already.
        shared: Names of pairs whose baseline changed, each with the other pairs that have it, too, and were not asked
            for.
        trouble: Names and errors of pairs that nobody could compare, and whose baseline was left.
    """

    steps: tuple[Step, ...]
    nothing_to_do: tuple[str, ...] = ()
    shared: tuple[tuple[str, tuple[str, ...]], ...] = ()
    trouble: tuple[tuple[str, str], ...] = ()


def approve(out: Path, names: Sequence[str], *, everything: bool = False, only: str | None = None) -> Approved:
    """Make the later pictures of some pairs the baseline.

    Args:
        out: Folder of a batch's answers.
        names: Of the pairs.
        everything: All pairs that are not the same.
        only: Of those only the ones with this verdict.

    Raises:
        OptionError: a name is not in the index, or nothing was asked for.
        DataError: there is no such batch, it has one golden picture, a picture is gone or not the one that was looked
            at, a new one has no place, or another approval is under way.
        OSError: a file cannot be written.
    """
    manifest = Manifest.read(out)
    if manifest.golden:
        raise DataError(
            f"all pairs of {out} have one baseline, {manifest.golden}; put another picture in its place by hand"
        )
    with _alone(out):
        _mend(out)
        index = read_index(out)
        rows = _chosen(index, out, names, everything=everything, only=only)
        planned = {row["name"]: _step(row, manifest) for row in rows if row["verdict"] != "trouble"}
        steps = tuple(step for step in planned.values() if step is not None)
        _check_claims(steps)
        _check_writable(steps)
        if steps:
            _carry_out(steps, out)
    trouble = tuple((row["name"], row.get("error", "")) for row in rows if row["verdict"] == "trouble")
    left = planned.keys() - {step.name for step in steps}
    nothing_to_do = tuple(name for name in dict.fromkeys(names) if name in left)
    return Approved(steps, nothing_to_do, tuple(_shared(steps, index, manifest)), trouble)


def undo(out: Path) -> Approved:
    """Undo the latest approval that was not undone yet: every baseline is what it was.

    Raises:
        DataError: there is none, what was kept is gone, a baseline was changed since, or another approval is under way.
        OSError: a file cannot be written.
    """
    Manifest.read(out)
    with _alone(out):
        left = [approval for approval in read_approvals(out) if not approval.undone]
        if not left:
            raise DataError(f"{out} has no approval that could be undone")
        steps = left[-1].steps
        _check_undoable(steps, out)
        _check_writable(steps)
        log(out, "undoing", left[-1].number)
        for step in steps:
            if step.kept:
                _put(step.old, (out / step.kept).read_bytes())
            if step.new and step.new != step.old:
                Path(step.new).unlink(missing_ok=True)
        log(out, "undone", left[-1].number)
    return Approved(steps)


def mend(out: Path) -> list[str]:
    """Take away what an approval or its undoing that was killed has left: a second baseline in another format.

    Returns:
        The files that were taken away.

    Raises:
        OSError: one cannot be.
    """
    if not any(approval.stopped for approval in read_approvals(out)):
        return []
    handle = try_lock(_lock(out))
    if handle is None:  # it is under way, and does so itself
        return []
    try:
        return _mend(out)
    finally:
        os.close(handle)


def _mend(out: Path) -> list[str]:
    taken: list[str] = []
    for approval in read_approvals(out):
        if approval.stopped:
            left_over = [path for step in approval.steps if (path := _left_over(step, approval))]
            for path in left_over:
                Path(path).unlink()
            log(out, "mended", approval.number)
            taken += left_over
    return taken


def _left_over(step: Step, approval: Approval) -> str:
    """The file that a stopped approval would have taken away next; "" where both are not as it left them."""
    both = step.old and step.new and step.old != step.new
    if not both or (content_digest(step.old), content_digest(step.new)) != (step.digest_old, step.digest_new):
        return ""
    return step.new if approval.state == "undoing" else step.old


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Hold the approvals of a folder, so that no other is made meanwhile."""
    handle = try_lock(_lock(out))
    if handle is None:
        raise DataError(f"another approval of {out} is under way; wait until it is done")
    try:
        yield
    finally:
        os.close(handle)


def _lock(out: Path) -> Path:
    (out / KEPT).mkdir(exist_ok=True)
    return out / KEPT / ".lock"


def _chosen(
    index: Sequence[dict[str, str]], out: Path, names: Sequence[str], *, everything: bool, only: str | None
) -> list[dict[str, str]]:
    """The rows asked for by name, or all that are not the same."""
    if not names and not everything and not only:
        raise OptionError("approve takes names of pairs, --all, or --only changed|unsure|new|missing")
    known = {row["name"] for row in index}
    if unknown := [name for name in names if name not in known]:
        advice = hint(unknown[0], tuple(known)) or f"; its names are in {out / 'index.csv'}"
        raise OptionError(f"{out} has no pair {unknown[0]!r}{advice}")
    wanted = [row for row in index if everything or not names or row["name"] in names]
    return [row for row in wanted if only in (None, row["verdict"])]


def _step(row: dict[str, str], manifest: Manifest) -> Step | None:
    """What is to be done for a pair; None where its baseline is as it should be already.

    Raises:
        DataError: a picture is not the one that was looked at, or has no place.
    """
    name = row["name"]
    same = row["verdict"] == "same"
    old, source = (_absolute(row[side], name, manifest) for side in ("before", "after"))
    looked_at = {old: row.get("sha256_before", ""), source: row.get("sha256_after", "")}
    new = old if same else _target(name, old, source, manifest)
    if source:
        _check_looked_at(name, source, looked_at[source])
    if _is_done(old, new, looked_at[source]):
        return None
    if old:
        _check_looked_at(name, old, looked_at[old])
    if same:
        return None
    if new != old and os.path.lexists(new):
        raise DataError(f"{name}: {new} is in the way; take it away first")
    if new != old and Path(old).is_symlink():
        raise DataError(f"{name}: {old} is a link, which cannot be taken away and brought back; change it by hand")
    digest = looked_at[old] if old else ""
    kept = f"{KEPT}/{digest}{Path(old).suffix}" if old else ""  # by its content: no later approval can take its place
    return Step(name, old, new, source, kept, digest, looked_at[source] if source else "")


def _is_done(old: str, new: str, wanted: str) -> bool:
    """Whether the baseline is the wanted one already, or is gone where none is wanted."""
    is_there = bool(wanted) and content_digest(new) == wanted if new else True
    return is_there and (new == old or not os.path.lexists(old))


def _check_looked_at(name: str, path: str, looked_at: str) -> None:
    if Path(path).is_dir():
        raise DataError(f"{name}: {path} is a folder, and files are approved; put the series in place by hand")
    if not Path(path).is_file():
        raise DataError(f"{name}: {path} is gone; run the batch again")
    if content_digest(path) != looked_at:
        raise DataError(f"{name}: {path} is not the picture that the batch looked at; run the batch again")


def _target(name: str, old: str, source: str, manifest: Manifest) -> str:
    """Where the baseline will be: under the name that it has, but for the suffix where its format is another one."""
    if not source:
        return ""
    if not old:
        return _place(name, source, manifest)
    if _format(old) == _format(source):
        return old
    if manifest.table:
        problem = f"{manifest.table} names {old} as the baseline, and {source} is of another format"
        raise DataError(
            f"{name}: {problem}; write it as {Path(old).suffix}, or put it in place by hand and into the table"
        )
    return str(Path(old).with_suffix(Path(source).suffix))


def _format(path: str) -> str:
    suffix = Path(path).suffix.lower()
    return _ONE_FORMAT.get(suffix, suffix)


def _place(name: str, source: str, manifest: Manifest) -> str:
    """Where a new baseline belongs."""
    if not manifest.before or not manifest.after:
        raise DataError(f"{name} is new, and a table does not say where its baseline belongs; write it into the table")
    before, after = (_absolute(folder, name, manifest) for folder in (manifest.before, manifest.after))
    return str(Path(before) / os.path.relpath(source, after))


def _absolute(path: str, name: str, manifest: Manifest) -> str:
    if path and not is_file_name(path):
        raise DataError(f"{name}: {path} is no file on this machine; only files can be approved")
    return str(Path(manifest.folder) / path) if path else ""


def _check_claims(steps: Sequence[Step]) -> None:
    """Raise DataError where two pairs have one baseline: only one picture can take its place."""
    claims: dict[str, str] = {}
    for step in steps:
        for path in filter(None, {step.old, step.new}):
            other = claims.setdefault(os.path.realpath(path), step.name)
            if other != step.name:
                raise DataError(f"{other} and {step.name} have one baseline, {path}; approve one of them by its name")


def _shared(
    steps: Sequence[Step], index: Sequence[dict[str, str]], manifest: Manifest
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The pairs of a table whose baseline other rows have, too, with those rows."""
    if not manifest.table:
        return
    users: dict[str, list[str]] = defaultdict(list)
    for row in index:
        if row["before"] and is_file_name(row["before"]):
            users[os.path.realpath(_absolute(row["before"], row["name"], manifest))].append(row["name"])
    for step in steps:
        others = tuple(name for name in users[os.path.realpath(step.old)] if name != step.name)
        if others:
            yield step.name, others


def _check_writable(steps: Sequence[Step]) -> None:
    """Raise DataError where a baseline cannot be written, before any is."""
    for path in {path for step in steps for path in (step.old, step.new) if path}:
        folder = Path(os.path.realpath(path)).parent
        while not folder.exists():
            folder = folder.parent
        if not os.access(folder, os.W_OK | os.X_OK):
            raise DataError(f"{folder} cannot be written to; no baseline was changed")


def _check_undoable(steps: Sequence[Step], out: Path) -> None:
    """Raise DataError where a baseline cannot be brought back, or one that was changed by hand would be lost."""
    for step in steps:
        if step.kept and not (out / step.kept).is_file():
            raise DataError(f"{out / step.kept} is gone: the baseline of {step.name} cannot be brought back")
        for path in filter(None, {step.old, step.new}):
            if Path(path).is_file() and content_digest(path) not in (step.digest_old, step.digest_new):
                raise DataError(f"{path} was changed since it was approved, and would be lost; put it elsewhere first")


def _carry_out(steps: Sequence[Step], out: Path) -> None:
    number = max((approval.number for approval in read_approvals(out)), default=0) + 1
    for step in steps:
        if step.kept:
            write_whole(out / step.kept, _read(step.old, step.digest_old), durable=True)
    log(out, "approved", number, steps)
    for step in steps:
        if step.new:
            _put(step.new, _read(step.source, step.digest_new))
        if step.old and step.new != step.old:
            Path(step.old).unlink(missing_ok=True)
    log(out, "finished", number)


def _read(path: str, looked_at: str) -> bytes:
    data = Path(path).read_bytes()
    if sha256(data).hexdigest() != looked_at:
        raise DataError(f"{path} changed while it was approved; run the batch again")
    return data


def _put(path: str, data: bytes) -> None:
    """Write a baseline; one that is a link stays one, and leads to what is new."""
    write_whole(Path(os.path.realpath(path)), data)
