"""Texts as they may stand on a terminal or in a message: those of others without control characters and passwords."""

from __future__ import annotations

import re
from urllib.parse import unquote

_LONGEST = 2000  # letters of a line
HIDDEN = "***"
_URL = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*)://")
_SECRET = re.compile(r"((?:pass|pwd|token|secret|auth|key|sign|credential)[^=&#?/@:\s]*=)[^&#\s]*", re.IGNORECASE)
_LOGIN = re.compile(r"(://[^:/\s'\"]*:)[^/\s'\"]*@")
_ADDRESS = re.compile(r"[a-zA-Z][\w+.-]*://[^\s'\"]+")
# what moves the cursor, rings, or turns the order of letters round; line feeds and tabs lay out our own lines
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    r"""A text without control characters, which are written out, and without passwords of URLs.

    Examples:
        >>> printable("a\x1b[2Jb"), printable("see http://me:secret@host/a.png, please")
        ('a\\x1b[2Jb', 'see http://me:***@host/a.png, please')
    """
    if "://" in text:
        text = _ADDRESS.sub(lambda match: without_password(match[0]), _LOGIN.sub(rf"\1{HIDDEN}@", text))
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)


def in_one_line(text: str) -> str:
    """A text as `printable` has it in one line; the middle is cut out of a long one."""
    words = " ".join(text.split())
    if len(words) > _LONGEST:
        words = f"{words[: _LONGEST // 2]} ... {words[-_LONGEST // 2 :]}"
    return printable(words)


def megabytes(size: float) -> str:
    """A number of bytes in MB of a million bytes.

    Examples:
        >>> megabytes(1_234_000), megabytes(2_170_347_775)
        ('1.23 MB', '2,170 MB')
    """
    number = size / 1e6
    return f"{number:,.0f} MB" if number >= 1000 else f"{number:.3g} MB"


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
        return head + rest
    return f"{head}{user}:{HIDDEN}@{place}"


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
