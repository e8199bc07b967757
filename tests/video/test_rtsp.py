from __future__ import annotations

import signal
import socket
import subprocess
import threading
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest

from spotdiff.video import open_feed

PYTHON, SCRIPT = "/usr/bin/python3", Path(__file__).with_name("rtsp_server.py")
NEEDS = (
    "import gi; gi.require_version('Gst', '1.0'); gi.require_version('GstRtspServer', '1.0');"
    "from gi.repository import Gst, GstRtspServer; Gst.init(None);"
    "assert all(map(Gst.ElementFactory.find, ('x264enc', 'rtph264pay', 'jpegenc', 'rtpjpegpay', 'videotestsrc')))"
)
REASON = (
    "no RTSP server: apt-get install python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base "
    "gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly"
)


@cache
def can_serve():
    if not Path(PYTHON).exists():
        return False
    return subprocess.run([PYTHON, "-c", NEEDS], capture_output=True, check=False).returncode == 0


class Server:
    def __init__(self, *, port=0, size=(320, 240), codec="h264"):
        arguments = [port, *size, codec, 15]
        self.process = subprocess.Popen(
            [PYTHON, str(SCRIPT), *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.port = int(self.process.stdout.readline())

    @property
    def url(self):
        return f"rtsp://127.0.0.1:{self.port}/live"

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


@pytest.fixture
def serve():
    if not can_serve():
        pytest.skip(REASON)
    made = []

    def start(**keywords):
        made.append(Server(**keywords))
        return made[-1]

    yield start
    for server in made:
        server.stop()


def sized(size):
    return lambda frame: frame is not None and frame.pixels.shape == (size[1], size[0], 3)


def test_an_rtsp_server_that_freezes_is_noticed_and_found_again(serve, tools):
    server = serve()
    with open_feed(server.url, fps=15, patience=1.5) as feed:
        frames = [tools.until(feed, sized((320, 240))) for _ in range(5)]
        assert len({frame.seconds for frame in frames}) == 5
        assert frames[0].pixels.std() > 5  # the ball is there
        server.process.send_signal(signal.SIGSTOP)
        tools.until(feed, lambda frame: feed.status.restarts >= 1)
        assert not feed.status.connected
        assert "nothing came for" in feed.status.trouble
        assert feed.next(timeout=0.2) is None
        server.process.send_signal(signal.SIGCONT)
        after = tools.until(feed, sized((320, 240)))
        assert after.seconds > frames[-1].seconds
        assert feed.status.connected


def test_another_size_and_codec_and_garbage_between(serve, tools):
    server = serve()
    with open_feed(server.url, fps=15, patience=1.5) as feed:
        tools.until(feed, sized((320, 240)))
        server.stop()
        with Garbage(server.port) as heard:
            restarts = feed.status.restarts
            tools.until(feed, lambda frame: heard and feed.status.restarts > restarts + 1)
        assert not feed.status.connected
        server = serve(port=server.port, size=(640, 360), codec="mjpeg")
        tools.until(feed, sized((640, 360)))
        server.stop()
        serve(port=server.port, size=(160, 120))
        tools.until(feed, sized((160, 120)))
        assert feed.status.connected


class Garbage:
    """Answers every caller on a port with bytes that mean nothing."""

    def __init__(self, port):
        self.port, self.heard = port, []

    def __enter__(self):
        self.socket = socket.create_server(("127.0.0.1", self.port))
        self.thread = threading.Thread(target=self.answer, daemon=True)
        self.thread.start()
        return self.heard

    def answer(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                self.heard.append(connection.recv(1000))
                connection.sendall(bytes(range(256)) * 64)

    def __exit__(self, *args):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join()
