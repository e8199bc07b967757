"""`compare --server`: the pictures are sent to a server, and what it answers is told and written as ever."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotdiff.cli._comparison_text import answer_text
from spotdiff.errors import OptionError
from spotdiff.options import ALL_PAGES
from spotdiff.types import Box, Region

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from spotdiff.client import Client
    from spotdiff.client.client import Kind
    from spotdiff.options import Options
    from spotdiff.report.save import AnswerFiles


def check_possible(files: AnswerFiles, options: Options, *, earlier: bool, judged: bool) -> None:
    """Refuse what a server does not do.

    Args:
        files: That are asked for.
        options: Of the comparison.
        earlier: Whether earlier pictures are given.
        judged: Whether a settings file is to judge.

    Raises:
        OptionError: it is asked for.
    """
    asked = {
        "earlier pictures (--history)": earlier,
        "--settings": judged,
        "--cutouts": files.cutouts is not None,
        "--geojson": files.geojson is not None,
        "--mask-tif": files.mask_tif is not None,
        "--dicom-seg": files.dicom_seg is not None,
        "--possible in an overlay": files.possible and files.overlay is not None,
        "--ignore-mask": options.ignore_mask is not None,
        "--page all": options.page == ALL_PAGES,
    }
    for what, wanted in asked.items():
        if wanted:
            raise OptionError(f"a server does not take {what}; compare without --server")


def answer_of(url: str, token: str | None, pictures: Sequence[str], options: Options) -> ServerAnswer:
    """What a server says of two pictures.

    Raises:
        ServerError: it refuses them, or cannot be reached.
        LoadError: a picture cannot be read.
        OptionError: the address, the token or an option cannot be used.
    """
    from spotdiff.client import Client
    from spotdiff.image.source import read_pipe

    client = Client(url, token)
    sources = (read_pipe(path, max_bytes=options.max_bytes) for path in pictures)
    record = client.compare(*sources, options=options)
    for side, path in zip(("before", "after"), pictures, strict=True):
        record[side]["path"] = path  # the server knows the name alone
    return ServerAnswer(client, record)


@dataclass(frozen=True, slots=True)
class ServerAnswer:
    """An answer that a server made.

    Attributes:
        client: The server.
        record: With its id.
    """

    client: Client
    record: dict[str, Any]

    @property
    def verdict(self) -> str:
        """same, changed or unsure."""
        verdict: str = self.record["verdict"]
        return verdict

    def text(self, written: Iterable[str], *, sentences: bool, possible: bool) -> str:
        """What people are told, see `comparison_text`."""
        answer = self.verdict, self.record["reason"], self.record["text"]
        several = max(self.record[side]["pages"] for side in ("before", "after")) > 1
        regions = [_region(region) for region in self.record["regions"]]
        return answer_text(*answer, regions, written, several=several, sentences=sentences, possible=possible)

    def write(self, files: AnswerFiles) -> list[str]:
        """Write what is wanted, fetched from the server, and return the paths, as `AnswerFiles.write`.

        Raises:
            ServerError: a file cannot be fetched.
            OSError: a file cannot be written.
        """
        from spotdiff.report.record import to_json

        written: list[str] = []
        if files.json is not None and str(files.json) == "-":
            import click

            click.echo(to_json(self.record), nl=False)
        elif files.json is not None:
            written.append(_write(files.json, to_json(self.record).encode("ascii")))
        for path, kind in _fetched(files):
            written.append(_write(path, self.client.file(self.record["id"], kind)))
        return written


def _fetched(files: AnswerFiles) -> list[tuple[str | Path, Kind]]:
    fetched: list[tuple[str | Path, Kind]] = []
    if files.report is not None:
        fetched.append((files.report, "report"))
    if files.overlay is not None:
        fetched.append((files.overlay, "overlay"))
    if files.maps is not None:
        fetched += [(Path(files.maps) / "before.png", "mask_before"), (Path(files.maps) / "after.png", "mask_after")]
    return fetched


def _write(target: str | Path, data: bytes) -> str:
    path = Path(target)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return str(target)


def _region(record: dict[str, Any]) -> Region:
    return Region(
        kind=record["kind"],
        score=record["score"],
        area=record["area"],
        box_before=_box(record["box_before"]),
        box_after=_box(record["box_after"]),
        text=record["text"],
        page=record["page"],
        likely=record["likely"],
    )


def _box(coordinates: Sequence[int] | None) -> Box | None:
    if coordinates is None:
        return None
    left, top, right, bottom = coordinates
    return left, top, right, bottom
