"""What a source is, from its text alone, and what it is called where people read it: never with a password."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from spotdiff.errors import LoadError
from spotdiff.shown_text import HIDDEN as HIDDEN
from spotdiff.shown_text import without_password as without_password
from spotdiff.shown_text import without_secrets as without_secrets

SourceKind = Literal["folder", "film", "webcam", "stream"]

STREAMS = ("rtsp", "rtsps", "http", "https", "rtmp", "rtmps", "tcp", "udp", "srt", "rtp")
PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")
_URL = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*)://")
_WEBCAM = re.compile(r"(?:webcam:)?(\d{1,3})|webcam:(.+)|(/dev/video\d+)")


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


def _printable(text: str) -> str:
    return text if text.isprintable() else repr(text)
