"""What a source is, from its text alone, and what it is called where people read it: never with a password."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from spotdiff.errors import LoadError

SourceKind = Literal["folder", "film", "webcam", "stream"]

STREAMS = ("rtsp", "rtsps", "http", "https", "rtmp", "rtmps", "tcp", "udp", "srt", "rtp")
PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")
HIDDEN = "***"
_URL = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*)://")
_WEBCAM = re.compile(r"(?:webcam:)?(\d{1,3})|webcam:(.+)|(/dev/video\d+)")
_SECRET = re.compile(r"((?:pass|pwd|token|secret|auth|key|sign|credential)[^=&#?/@:\s]*=)[^&#\s]*", re.IGNORECASE)


def source_kind(text: str) -> SourceKind:
    """Tell where the frames of a source come from.

    Args:
        text: A folder, a film, a webcam (`0`, `webcam:0`, `/dev/video0`) or the URL of a stream.

    Returns:
        folder, film, webcam or stream. A URL is not opened, so it may still turn out to lead nowhere.

    Raises:
        LoadError: there is no such file or folder, or no source is written so.

    Examples:
        >>> source_kind("webcam:0"), source_kind("rtsp://10.0.0.5/live")
        ('webcam', 'stream')
    """
    url = _URL.match(text)
    if url:
        if url[1].lower() in STREAMS:
            return "stream"
        raise LoadError(f"{without_password(text)}: a stream starts with one of {', '.join(STREAMS)}, not {url[1]}")
    if _WEBCAM.fullmatch(text):
        return "webcam"
    if not text.strip():
        raise LoadError("a source is a folder, a film, a webcam such as 0, or the URL of a stream; this one is empty")
    return _kind_of_path(text)


def _kind_of_path(text: str) -> SourceKind:
    shown, path = _printable(text), Path(text)
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise LoadError(f"{shown}: no such file or folder") from None
    except (OSError, ValueError) as error:
        raise LoadError(f"{shown}: {getattr(error, 'strerror', None) or error}") from None
    if stat.S_ISDIR(mode):
        return "folder"
    if stat.S_ISCHR(mode):
        return "webcam"
    if path.suffix.lower() in PICTURES:
        raise LoadError(f"{shown}: a single picture; give the folder that it lies in, or a film")
    return "film"


def webcam_device(text: str) -> int | str:
    """The number or the path of a webcam, as OpenCV takes it.

    Examples:
        >>> webcam_device("webcam:1"), webcam_device("/dev/video0")
        (1, '/dev/video0')
    """
    match = _WEBCAM.fullmatch(text)
    if not match:
        return text
    return int(match[1]) if match[1] else match[2] or match[3]


def source_name(text: str) -> str:
    """A short name for a source: the stem of a file, the name of a folder, the host of a URL.

    Examples:
        >>> source_name("rtsp://admin:secret@10.0.0.5:554/live"), source_name("films/hall.mp4"), source_name("0")
        ('10.0.0.5', 'hall', 'webcam-0')
    """
    if _URL.match(text):
        return _host(text) or "stream"
    if _WEBCAM.fullmatch(text):
        device = webcam_device(text)
        return f"webcam-{device}" if isinstance(device, int) else Path(device).name
    path = Path(text)
    if not path.name or path.name == "..":
        path = path.resolve()
    return _printable(path.name if path.is_dir() else path.stem) or "source"


def _host(url: str) -> str:
    try:
        return urlsplit(without_password(url)).hostname or ""
    except ValueError:
        return ""


def without_password(text: str) -> str:
    """A source as it may be shown: the password of a URL, and what looks like one in its query, is hidden.

    A password that was not escaped as it should be is hidden as well; rather too much is hidden than too little.

    Examples:
        >>> without_password("rtsp://admin:secret@10.0.0.5/live?channel=1&password=secret")
        'rtsp://admin:***@10.0.0.5/live?channel=1&password=***'
    """
    url = _URL.match(text)
    if not url:
        return text
    head, rest = url[0], _SECRET.sub(rf"\1{HIDDEN}", text[url.end() :])
    login, at, place = rest.rpartition("@") if "@" not in _authority(rest) else _split_login(rest)
    user, colon, _ = login.partition(":")
    if not at or not colon:
        return _printable(head + rest)
    return _printable(f"{head}{user}:{HIDDEN}@{place}")


def _authority(rest: str) -> str:
    return re.split(r"[/?#]", rest, maxsplit=1)[0]


def _split_login(rest: str) -> tuple[str, str, str]:
    """What stands before the last @ of the host's part, the @, and what follows."""
    login, at, host = _authority(rest).rpartition("@")
    return login, at, host + rest[len(login) + len(at) + len(host) :]


def without_secrets(message: str, source: str) -> str:
    """A message, such as one of a library, in one line and without the password that the source's URL holds."""
    line = " ".join(message.split())
    if not _URL.match(source):
        return line
    line = line.replace(source, without_password(source))
    for secret in sorted(_secrets(source), key=len, reverse=True):
        line = line.replace(secret, HIDDEN)
    return line


def _secrets(url: str) -> set[str]:
    """The password and secret values of a URL, as written and unescaped."""
    rest = url[url.index("://") + 3 :]
    login = rest.rpartition("@")[0] if "@" not in _authority(rest) else _split_login(rest)[0]
    secrets = {login.partition(":")[2]} | {match[0].partition("=")[2] for match in _SECRET.finditer(rest)}
    return {form for secret in secrets for form in (secret, unquote(secret)) if form}


def _printable(text: str) -> str:
    return text if text.isprintable() else repr(text)
