"""Anything that Apprise can tell: mail, chats, telephones and more, by one URL."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from spotdiff.errors import MissingExtra, OptionError
from spotdiff.params import Param, check
from spotdiff.watching.alerts.message import Message
from spotdiff.watching.alerts.sink import SinkDown

if TYPE_CHECKING:
    import apprise

_NOTIFY_TYPES = {"opened": "warning", "closed": "success", "acknowledged": "info", "escalated": "failure"}
_WARNINGS: ContextVar[list[str] | None] = ContextVar("warnings of Apprise", default=None)


@dataclass(frozen=True, slots=True)
class Apprise:
    """Tells people through a service that Apprise knows; the picture goes along where the service takes one.

    Attributes:
        name: Names the sink.
        url: An Apprise URL, such as mailtos://user:password@example.org.

    Raises:
        OptionError: Apprise cannot use the URL.
        MissingExtra: Apprise is not installed.
    """

    name: str = "apprise"
    url: str = field(default="", repr=False, metadata={"param": Param("an Apprise URL")})

    def __post_init__(self) -> None:
        check(self)
        _service(self.url)

    def send(self, message: Message, key: str) -> None:
        """Tell title and text, and attach the picture if there is one.

        Raises:
            SinkDown: the service did not take it; Apprise says only whether.
        """
        del key  # people do not look at it, and Apprise has no place for it
        service = _service(self.url)
        attach = _attachment(message)
        with _warnings() as warned:
            try:
                taken = service.notify(
                    body=message.text, title=message.title, notify_type=_NOTIFY_TYPES[message.change], attach=attach
                )
            except Exception as error:  # its plugins raise anything
                raise SinkDown(f"{_scheme(self.url)} failed: {type(error).__name__}") from None
        if not taken:
            raise SinkDown(f"{_scheme(self.url)} did not take it" + (f": {warned[-1]}" if warned else ""))


def _service(url: str) -> apprise.Apprise:
    try:
        import apprise
    except ImportError:
        raise MissingExtra("apprise", extra="watch") from None

    asset = apprise.AppriseAsset(app_id="spotdiff", app_desc="spotdiff", async_mode=False, secure_logging=True)
    service = apprise.Apprise(asset=asset)
    # Apprise loads all of its plugins now, some of which use what Python is about to drop.
    with _warnings(), warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        usable = bool(url) and service.add(url)
    if not usable:
        raise OptionError(
            f"Apprise cannot use the url {_scheme(url)}; see https://appriseit.com/services/ for its form"
        )
    return service


def _attachment(message: Message) -> apprise.AppriseAttachment | None:
    if message.picture is None or not message.picture.is_file():
        return None
    import apprise
    from apprise.attachment.file import AttachFile

    picture = AttachFile(str(message.picture.absolute()), name=message.picture.name)  # type: ignore[no-untyped-call]
    return apprise.AppriseAttachment(picture)


def _scheme(url: str) -> str:
    """What may be shown of an Apprise URL: everything behind the scheme can be a secret."""
    return f"{url.partition('://')[0]}://" if "://" in url else "given"


@contextmanager
def _warnings() -> Iterator[list[str]]:
    """What Apprise complains of in this call meanwhile; who else listens to its log hears it too."""
    warned: list[str] = []
    collector = _WarningCollector(warned)
    logger = logging.getLogger("apprise")
    token = _WARNINGS.set(warned)
    logger.addHandler(collector)
    try:
        yield warned
    finally:
        logger.removeHandler(collector)
        _WARNINGS.reset(token)


class _WarningCollector(logging.Handler):
    """Collects the warnings of one call; Apprise may make them in threads of its own, which have the call's context."""

    def __init__(self, warned: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._warned = warned

    def emit(self, record: logging.LogRecord) -> None:
        if _WARNINGS.get() is self._warned:
            self._warned.append(record.getMessage())
