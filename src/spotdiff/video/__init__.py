"""Where frames come from: folders of pictures, films, webcams and streams, each decoded in a process of its own.

    with open_feed("rtsp://10.0.0.5/live") as feed:
        while not feed.ended:
            frame = feed.next(timeout=1.0)

A crash, a hang or garbage on the line ends a decoding process, never its reader: the parent looks at a heartbeat in
shared memory, kills what has stopped and starts it anew.
"""

from spotdiff.video.feed import Feed, Status, open_feed
from spotdiff.video.names import source_kind, source_name, without_password
from spotdiff.video.values import Frame

__all__ = ["Feed", "Frame", "Status", "open_feed", "source_kind", "source_name", "without_password"]
