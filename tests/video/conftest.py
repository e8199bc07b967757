"""Films, folders and cameras made for a test, and a look at what it leaves behind."""

from __future__ import annotations

import io
import multiprocessing
import os
import random
import threading
import time
from contextlib import suppress
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from spotdiff.video import feed as feeds

STEP = 4  # grey levels between two numbers, so that coding does not blur one into the next
LONG = 40.0  # seconds that nothing takes unless it is broken


class Heartbeat:
    """What a reader has told."""

    def __init__(self):
        self.beats, self.count_came, self.lost, self.names = 0, 0, 0, []

    def beat(self):
        self.beats += 1

    def frame_came(self):
        self.count_came += 1

    def damaged(self):
        self.lost += 1

    def reading(self, file):
        self.names.append(file)


def grey(number, size=(64, 48)):
    """A picture that tells its number."""
    return np.full((size[1], size[0], 3), 20 + STEP * (number % 50), np.uint8)


def number_of(pixels):
    return round((float(pixels.mean()) - 20) / STEP)


def counted(number, size):
    """A picture of a camera: its left and right half tell how many came before it, up to 2500."""
    picture = grey(number, size)
    picture[:, size[0] // 2 :] = grey(number // 50, (1, 1))
    return picture


def count_of(pixels):
    half = pixels.shape[1] // 2
    return number_of(pixels[:, : half - 8]) + 50 * number_of(pixels[:, half + 8 :])


def make_film(path, pictures, *, times=None, rate=25, codec="libx264", tags=None, form=None, pixel=None, held=0):
    """Write a film; `times` in milliseconds make its rate vary, `held` pictures come late out of the decoder."""
    pictures = list(pictures)
    with av.open(str(path), "w", format=form) as container:
        container.metadata.update(tags or {})
        stream = container.add_stream(codec, rate=rate)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = pixel or ("yuvj420p" if codec == "mjpeg" else "yuv420p")
        base = Fraction(1, 1000) if times else Fraction(1, rate)
        stream.codec_context.time_base = base
        if codec == "libx264":
            stream.options = {"preset": "ultrafast", "g": "10", "bf": str(held)}
        for place, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = times[place] if times else place, base
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def jpeg(picture, **keywords):
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=95, **keywords)
    return file.getvalue()


class Camera:
    """An HTTP camera that sends JPEG after JPEG; `mode` may be plays, freezes or garbage."""

    def __init__(self, *, fps=25.0, port=0, size=(64, 48)):
        self.fps, self.mode, self.sent, self.served, self.stopping = fps, "plays", 0, 0, False
        self.size = size
        camera = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *args):
                pass

            def do_GET(self):
                camera.served += 1
                with suppress(OSError):
                    camera.serve(self)

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    @property
    def url(self):
        return f"http://admin:hush-hush@127.0.0.1:{self.port}/live"

    def serve(self, handler):
        handler.send_response(200)
        handler.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        handler.end_headers()
        while not self.stopping:
            if self.mode == "plays":
                data = jpeg(counted(self.sent, self.size))
                head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n".encode()
                handler.wfile.write(head + data + b"\r\n")
                self.sent += 1
            elif self.mode == "garbage":
                handler.wfile.write(random.Random(self.served).randbytes(4096))
            time.sleep(1 / self.fps)

    def stop(self):
        self.stopping = True
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def until(feed, condition):
    """Take frames until a condition on the last one (or None) holds, and give that frame."""
    end = time.monotonic() + LONG
    while time.monotonic() < end:
        frame = feed.next(timeout=0.1)
        if condition(frame):
            return frame
    raise AssertionError(f"it never came to be: {feed.status}")


def all_of(feed):
    """Every frame of a feed that ends."""
    frames = []
    while not feed.ended:
        frame = feed.next(timeout=LONG)
        assert frame is not None or feed.ended
        frames.append(frame)
    return [frame for frame in frames if frame is not None]


def shared():
    """Shared memory that this process has made and that is still there."""
    return sorted(path.name for path in Path("/dev/shm").glob(f"sd{os.getpid():x}_*"))


@pytest.fixture(autouse=True)
def nothing_left(monkeypatch):
    """Waits are short, and a test leaves neither processes nor shared memory."""
    monkeypatch.setattr(feeds, "FIRST_WAIT", 0.05)
    monkeypatch.setattr(feeds, "LONGEST_WAIT", 0.2)
    yield
    assert multiprocessing.active_children() == []
    assert shared() == []


@pytest.fixture
def camera():
    made = []

    def make(**keywords):
        made.append(Camera(**keywords))
        return made[-1]

    yield make
    for one in made:
        if not one.stopping:
            one.stop()


@pytest.fixture(name="film")
def film_fixture(tmp_path):
    """A film of 50 numbered pictures, 25 a second."""
    return make_film(tmp_path / "numbers.mp4", (grey(number) for number in range(50)))


@pytest.fixture(name="tools")
def tools_fixture():
    from types import SimpleNamespace

    return SimpleNamespace(
        Heartbeat=Heartbeat,
        grey=grey,
        number_of=number_of,
        count_of=count_of,
        make_film=make_film,
        jpeg=jpeg,
        until=until,
        all_of=all_of,
        shared=shared,
    )
