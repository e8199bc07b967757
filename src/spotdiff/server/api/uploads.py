"""What a client sends: a multipart form, streamed to disk within limits, its pictures named by their content."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from uuid import uuid4

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from spotdiff.server.api.authentication import caller_of
from spotdiff.server.problems import Problem
from spotdiff.server.store.answer_files import put_in_place
from spotdiff.server.store.jobs import Stored
from spotdiff.shown_text import megabytes

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from fastapi import Request

    from spotdiff.server.service import Service

_MB = 1_000_000
_MOST_TEXT = 256_000  # bytes of a part that is no picture
_ROOM = 100_000  # bytes for the form itself, whose headers the parser limits
_LONGEST_NAME = 200
_TEXTS = ("options", "batch")


@dataclass
class Form:
    """A form that has arrived: its pictures and texts by the names of their parts."""

    pictures: dict[str, Stored] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    def picture(self, name: str) -> Stored:
        """The picture of that name.

        Raises:
            Problem: 422, it was not sent.
        """
        if name not in self.pictures:
            raise Problem(422, f"the picture {name!r} is missing: send it as a part of multipart/form-data")
        return self.pictures[name]

    @property
    def batch(self) -> str:
        """What the client calls the set that this belongs to; "" for none.

        Raises:
            Problem: 422, nothing can be called so.
        """
        name = self.texts.get("batch", "").strip()
        if len(name) > _LONGEST_NAME or not name.isprintable():
            raise Problem(422, f"batch takes up to {_LONGEST_NAME} letters that print")
        return name


def picture_path(data: Path, digest: str) -> Path:
    """Where the picture with this SHA-256 lies."""
    return data / "pictures" / digest[:2] / digest


async def receive(request: Request, service: Service, *, pictures: Collection[str]) -> Form:
    """The form of a request.

    Args:
        request: Its body is read as it comes; nothing of it is kept in memory.
        service: Has the limits, the folder into which pictures go, and the list of who sent them.
        pictures: Names of parts that are pictures; parts `options` and `batch` may come, too, and no other.

    Raises:
        Problem: 400, 408, 413, 415 or 422: no form, too slow, too large, or not one that was asked for.
    """
    kind, parameters = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data" or not parameters.get(b"boundary"):
        raise Problem(415, "send multipart/form-data, as curl -F does")
    settings = service.settings
    most = int(settings.upload_mb * _MB)
    whole = len(pictures) * most + _MOST_TEXT + _ROOM
    _check_length(request.headers.get("content-length"), whole)
    request.state.body.most = whole
    reader = _Reader(settings.data / "incoming", pictures=pictures, most=most)
    try:
        await _feed(request, reader, parameters[b"boundary"])
        return await run_in_threadpool(reader.kept, settings.data, partial(service.usage.sent, caller_of(request).name))
    except ClientDisconnect:
        raise Problem(400, "the connection ended before all was sent") from None
    finally:
        reader.drop()


def _check_length(given: str | None, most: int) -> None:
    if given is not None and given.isdecimal() and int(given) > most:
        raise Problem(413, f"the request has {megabytes(int(given))}; the most is {megabytes(most)}")


async def _feed(request: Request, reader: _Reader, boundary: bytes) -> None:
    try:
        parser = MultipartParser(boundary, reader.callbacks())  # type: ignore[arg-type]
        async for chunk in request.stream():
            parser.write(chunk)
        parser.finalize()
    except FormParserError:
        raise Problem(400, "the body is no multipart form: its parts cannot be told apart") from None
    if not reader.whole:
        raise Problem(400, "the body is no whole multipart form: its end is missing")


@dataclass
class _Part:
    """A part as it arrives."""

    headers: dict[str, bytes] = field(default_factory=dict)
    header: bytearray = field(default_factory=bytearray)
    value: bytearray = field(default_factory=bytearray)
    name: str = ""
    filename: str = ""
    path: Path | None = None
    file: BinaryIO | None = None
    size: int = 0


class _Reader:
    """Takes the parser's calls: pictures go into files, texts into memory."""

    def __init__(self, folder: Path, *, pictures: Collection[str], most: int) -> None:
        self._folder, self._names, self._most = folder, pictures, most
        self._parts: dict[str, _Part] = {}
        self._part = _Part()
        self.whole = False

    def callbacks(self) -> dict[str, object]:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._open,
            "on_part_data": self._data,
            "on_part_end": self._close,
            "on_end": self._end,
        }

    def kept(self, data: Path, sent: Callable[[str, int], None]) -> Form:
        """The form, its pictures whole, durable and in their place.

        Args:
            data: The server's folder.
            sent: Called with SHA-256 and size of each before it is in its place.
        """
        form = Form()
        for part in self._parts.values():
            if part.path is None:
                form.texts[part.name] = _text(part)
            else:
                form.pictures[part.name] = Stored(keep(part.path, data, sent), shown_name(part.filename))
        return form

    def drop(self) -> None:
        """Close and remove what was not kept."""
        for part in (*self._parts.values(), self._part):
            if part.file is not None:
                part.file.close()
            if part.path is not None:
                part.path.unlink(missing_ok=True)

    def _begin(self) -> None:
        self._part = _Part()

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._part.header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._part.value += data[start:end]

    def _header_end(self) -> None:
        part = self._part
        part.headers[part.header.decode("latin-1").lower()] = bytes(part.value)
        part.header.clear()
        part.value.clear()

    def _open(self) -> None:
        part = self._part
        _, parameters = parse_options_header(part.headers.get("content-disposition", b""))
        part.name = parameters.get(b"name", b"").decode("utf-8", "replace")
        part.filename = parameters.get(b"filename", b"").decode("utf-8", "replace")
        known = [*self._names, *_TEXTS]
        if part.name not in known:
            raise Problem(422, f"there is no part {part.name[:60]!r}; parts are {', '.join(known)}")
        if part.name in self._parts:
            raise Problem(422, f"the part {part.name!r} was sent twice")
        self._parts[part.name] = part
        if part.name in self._names:
            part.path = self._folder / f"{uuid4().hex}.part"
            part.file = part.path.open("wb")

    def _data(self, data: bytes, start: int, end: int) -> None:
        part = self._part
        part.size += end - start
        most = _MOST_TEXT if part.file is None else self._most
        if part.size > most:
            raise Problem(413, f"{part.name!r} has more than {megabytes(most)}")
        if part.file is None:
            part.value += data[start:end]
        else:
            part.file.write(data[start:end])

    def _close(self) -> None:
        part = self._part
        if part.file is not None:
            part.file.close()
            if not part.size:
                raise Problem(422, f"the picture {part.name!r} is empty")

    def _end(self) -> None:
        self.whole = True


def shown_name(given: str) -> str:
    r"""A client's name of a file as it is shown: no folders, nothing that does not print, not too long.

    Examples:
        >>> shown_name("C:\\pictures\\hall\n.jpg"), shown_name("../../etc/passwd")
        ('hall.jpg', 'passwd')
    """
    last = given.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable())[-_LONGEST_NAME:]


def _text(part: _Part) -> str:
    try:
        return part.value.decode("utf-8")
    except UnicodeDecodeError:
        raise Problem(400, f"{part.name!r} is no text in UTF-8") from None


def keep(part: Path, data: Path, sent: Callable[[str, int], None]) -> str:
    """Put a file into its place by its content, durably, and return its SHA-256."""
    digest = sha256()
    with part.open("rb+") as file:
        while block := file.read(1 << 20):
            digest.update(block)
        os.fsync(file.fileno())
    name = digest.hexdigest()
    sent(name, part.stat().st_size)
    put_in_place(part, picture_path(data, name))
    return name
