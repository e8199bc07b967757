"""A camera over HTTP that ends its stream every few pictures: the feed comes back each time, and nothing grows.

python proof/stream_reconnects.py --reconnects 100     # prints figures; exit code 1 where a stream did not come back

Waits between two tries are made short; what is left of the time is that of a decoding process that begins.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
from PIL import Image

from spotdiff.video import feed as feeds
from spotdiff.video import open_feed

PICTURES = 8  # that a connection gives before it ends
HANGS = 60.0  # seconds without a frame after which the feed is given up


@dataclass
class Figures:
    """What came of it."""

    reconnects: int = 0
    frames: int = 0
    seconds: float = 0.0
    slowest_return_s: float = 0.0
    memory_mb: list[int] = field(default_factory=list)
    open_files: list[int] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def jpeg(number: int) -> bytes:
    """A picture of 64x48 that is another one each time."""
    file = io.BytesIO()
    Image.fromarray(np.full((48, 64, 3), number * 37 % 256, np.uint8)).save(file, "JPEG")
    return file.getvalue()


class Ending(BaseHTTPRequestHandler):
    """Gives some pictures and ends: by turns in good order, within a picture, and with garbage."""

    served = 0

    def log_message(self, *given: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """One connection."""
        Ending.served += 1
        turn = Ending.served % 3
        with suppress(OSError):
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
            self.end_headers()
            for number in range(PICTURES):
                data = jpeg(Ending.served + number)
                head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n".encode()
                half = turn == 1 and number == PICTURES - 1
                self.wfile.write(head + (data[: len(data) // 2] if half else data + b"\r\n"))
                time.sleep(0.02)
            if turn == 2:
                self.wfile.write(np.random.default_rng(Ending.served).bytes(4096))
        self.close_connection = True


def memory_mb() -> int:
    """Megabytes that this process holds; 0 where nothing tells."""
    with suppress(OSError):
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS"))
    return 0


def open_files() -> int:
    """Files that this process holds open; 0 where nothing tells."""
    with suppress(OSError):
        return len(list(Path("/proc/self/fd").iterdir()))
    return 0


def reconnected(wanted: int) -> Figures:
    """Watch the camera until it was opened anew so many times."""
    feeds.FIRST_WAIT = feeds.LONGEST_WAIT = 0.02
    server = ThreadingHTTPServer(("127.0.0.1", 0), Ending)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    figures, begun, last = Figures(), time.monotonic(), time.monotonic()
    with open_feed(f"http://127.0.0.1:{server.server_address[1]}/live", fps=60.0, patience=5.0) as feed:
        while feed.status.restarts < wanted:
            frame, now = feed.next(timeout=1.0), time.monotonic()
            if frame is not None:
                figures.frames += 1
                figures.slowest_return_s = max(figures.slowest_return_s, round(now - last, 2))
                last = now
            elif now - last > HANGS:
                figures.wrong.append(f"no frame for {HANGS:g} s after {feed.status.restarts}: {feed.status.trouble}")
                break
            if len(figures.memory_mb) < 10 * feed.status.restarts / wanted:
                figures.memory_mb.append(memory_mb())
                figures.open_files.append(open_files())
        figures.reconnects = feed.status.restarts
    server.shutdown()
    server.server_close()
    figures.seconds = round(time.monotonic() - begun, 1)
    figures.wrong += grown(figures)
    return figures


def grown(figures: Figures) -> list[str]:
    """What grew over the reconnects; the first fifth is that of a beginning."""
    memory, files = figures.memory_mb[2:], figures.open_files[2:]
    wrong = []
    if len(memory) > 2 and memory[-1] > 1.05 * memory[0] + 5:
        wrong.append(f"memory grew from {memory[0]} to {memory[-1]} MB")
    if len(files) > 2 and files[-1] > files[0] + 4:
        wrong.append(f"open files grew from {files[0]} to {files[-1]}")
    return wrong


def main() -> int:
    """Print figures; 1 where anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reconnects", type=int, default=1000)
    figures = reconnected(parser.parse_args().reconnects)
    print(json.dumps(asdict(figures), indent=1))
    return int(bool(figures.wrong))


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())
