"""A training on a Ray cluster: one machine learns, and the files of the run come back as they are written."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING, Any, Protocol

from spotdiff.atomic_write import write_whole
from spotdiff.errors import DataError, error_line
from spotdiff.ray_cluster import connected_ray
from spotdiff.verb_process import run_verb

if TYPE_CHECKING:
    Stamps = Mapping[str, tuple[int, int]]  # when each file was written last, and its bytes


class Tell(Protocol):
    """Hears a text of one or several lines."""

    def __call__(self, text: str, *, err: bool = False) -> None:
        """Be told."""


_POLL = 1.0  # seconds between two looks at the run
_TRIES = 3  # machines in a row that may be lost without a checkpoint in between
_CHECKPOINT = "checkpoint.pt"


def train_on_ray(arguments: Sequence[str], out: Path, *, threads: int, tell: Tell) -> int:
    """Run `spotdiff train` on a machine of the cluster, and keep its run in a folder of this one.

    What is in the folder goes along, so that a run that was stopped is gone on with. Where the machine is lost another
    one goes on from the last checkpoint that came back, which is a second old at most.

    Args:
        arguments: What is typed behind `spotdiff train`, without `--out`. Every machine reads the folders and files
            that are named at the places where this one does.
        out: Folder of the run.
        threads: Processors that the machine must have free.
        tell: Hears what the training says, with `err=True` where that is why it failed.

    Returns:
        Its exit code.

    Raises:
        DataError: the folder of this process is not on the machine, or three machines in a row were lost.
        OptionError: the cluster cannot be reached.
        MissingExtra: Ray is not installed.
        OSError: a file of the run cannot be written.
    """
    ray = connected_ray()
    out.mkdir(parents=True, exist_ok=True)
    lost = 0
    while True:
        checkpoint = _stamps(out).get(_CHECKPOINT)
        actor = ray.remote(TrainingActor).options(num_cpus=threads).remote()
        try:
            ray.get(actor.begin.remote(str(Path.cwd()), list(arguments), _contents(out, _stamps(out))))
            return _followed(ray, actor, out, tell)
        except ray.exceptions.RayActorError as error:
            lost = lost + 1 if _stamps(out).get(_CHECKPOINT) == checkpoint else 1
            if lost >= _TRIES:
                raise DataError(f"the cluster could not go on: {error_line(error)}") from None
            tell("the machine was lost; another one goes on from the last checkpoint")
        except ray.exceptions.RayTaskError as error:
            raise error.cause from None
        finally:
            ray.kill(actor)


def _followed(ray: Any, actor: Any, out: Path, tell: Tell) -> int:  # noqa: ANN401 (Ray has no types)
    """Bring back what an actor writes until it ends; its exit code."""
    known: Stamps = {}
    while True:
        files, known, text, code = ray.get(actor.poll.remote(known))
        for name, content in files.items():
            path = out / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, content)
        if text:
            tell(text.rstrip("\n"), err=bool(code))
        if code is not None:
            return int(code)
        time.sleep(_POLL)


class TrainingActor:
    """Trains in a process of its own, which ends with this one, and gives away what it has written."""

    def __init__(self) -> None:
        """Make a folder for a run."""
        self._folder = tempfile.TemporaryDirectory(prefix="spotdiff-train-")
        self._run, self._log = Path(self._folder.name) / "run", Path(self._folder.name) / "log"
        self._told = 0
        self._code: int | None = None

    def begin(self, cwd: str, arguments: Sequence[str], files: Mapping[str, bytes]) -> None:
        """Begin, or go on from the files of an earlier run.

        Raises:
            DataError: this machine has no such folder to work in.
        """
        if not Path(cwd).is_dir():
            raise DataError(f"{cwd} is not on {os.uname().nodename}: every machine reads the data where this one does")
        os.chdir(cwd)
        for name, content in files.items():
            (self._run / name).parent.mkdir(parents=True, exist_ok=True)
            (self._run / name).write_bytes(content)
        self._log.touch()
        threading.Thread(target=self._train, args=(arguments,), daemon=True).start()

    def _train(self, arguments: Sequence[str]) -> None:
        code = run_verb(["train", *arguments, "--out", str(self._run)], self._log, nice=0, goes_on=lambda: True)
        self._code = 1 if code is None else code

    def poll(self, known: Stamps) -> tuple[dict[str, bytes], Stamps, str, int | None]:
        """The files that are not as they are known, all of their stamps, what was said since, and the exit code."""
        code = self._code  # asked first: what is written before the end is given away with it
        stamps = _stamps(self._run)
        changed = _contents(self._run, [name for name, stamp in stamps.items() if known.get(name) != stamp])
        with self._log.open("rb") as log:
            log.seek(self._told)
            text = log.read()
        self._told += len(text)
        return changed, stamps, text.decode(errors="replace").replace(f"{self._run}{os.sep}", ""), code


def _stamps(run: Path) -> dict[str, tuple[int, int]]:
    """When each file of a run was written last, and its bytes; hidden ones are still being written."""
    stamps = {}
    for path in run.rglob("*"):
        with suppress(FileNotFoundError):  # a candidate is there only while it is measured
            stat = path.stat()
            if S_ISREG(stat.st_mode) and not path.name.startswith("."):
                stamps[path.relative_to(run).as_posix()] = stat.st_mtime_ns, stat.st_size
    return stamps


def _contents(run: Path, names: Iterable[str]) -> dict[str, bytes]:
    """What is in files of a run, but for those that are gone meanwhile."""
    contents = {}
    for name in names:
        with suppress(FileNotFoundError):
            contents[name] = (run / name).read_bytes()
    return contents
