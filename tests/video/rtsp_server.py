"""An RTSP server for tests, by GStreamer: run by the system's Python, which has the bindings.

Arguments: port (0 for any), width, height, h264 or mjpeg, frames per second. Prints the port once it serves /live.
"""

from __future__ import annotations

import sys

CODERS = {
    "h264": "x264enc tune=zerolatency speed-preset=ultrafast key-int-max={rate} ! rtph264pay name=pay0 pt=96",
    "mjpeg": "jpegenc ! rtpjpegpay name=pay0 pt=26",
}


def serve(port, width, height, codec, rate):
    import gi

    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import GLib, Gst, GstRtspServer

    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(port)
    factory = GstRtspServer.RTSPMediaFactory()
    form = f"video/x-raw,format=I420,width={width},height={height},framerate={rate}/1"
    coder = CODERS[codec].format(rate=rate)
    factory.set_launch(f"( videotestsrc is-live=true pattern=ball ! {form} ! {coder} )")
    factory.set_shared(True)
    server.get_mount_points().add_factory("/live", factory)
    if not server.attach(None):
        sys.exit(f"port {port} is taken")
    sys.stdout.write(f"{server.get_bound_port()}\n")
    sys.stdout.flush()
    GLib.MainLoop().run()


if __name__ == "__main__":
    serve(*sys.argv[1:])
