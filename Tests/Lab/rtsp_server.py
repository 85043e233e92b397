#!/usr/bin/env python3
"""Serve video files as RTSP streams on 127.0.0.1, with GStreamer's own RTSP server.

    rtsp_server.py --port 8554 --mount /door=a.mp4 --mount /hall=b.mkv,mjpeg [--user NAME --password WORD]

Needs Debian's gir1.2-gst-rtsp-server-1.0, python3-gi and gstreamer1.0-plugins-good, -bad and -ugly; run it with the
system's python3 (/usr/bin/python3), which has gi. H.264 (the default), H.265 (",h265") and MJPEG in Matroska
(",mjpeg") are sent as they are, in real time. Each client gets a pipeline of its own that starts at the file's
beginning and ends with the file, as a camera that hangs up: for an endless camera, make a long file first
(ffmpeg -stream_loop 100 -i a.mp4 -c copy long.mp4). Port 0 takes a free one. The first line printed is the address,
once clients can connect. With --user, digest authentication. SIGTERM stops it; SIGSTOP stalls every stream with its
connection left open; SIGCONT lets them go on.
"""
import argparse
import signal
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

PAYLOADERS = {
    "h264": "h264parse ! rtph264pay name=pay0 pt=96 config-interval=-1",
    "h265": "h265parse ! rtph265pay name=pay0 pt=96 config-interval=-1",
    "mjpeg": "jpegparse ! rtpjpegpay name=pay0 pt=26",
}


def factory(file, codec, protected):
    demuxer = "matroskademux" if file.endswith(".mkv") else "qtdemux"
    result = GstRtspServer.RTSPMediaFactory()
    result.set_launch(f'( filesrc location="{file}" ! {demuxer} ! {PAYLOADERS[codec]} )')
    if protected:
        permissions = GstRtspServer.RTSPPermissions()
        permissions.add_permission_for_role("user", "media.factory.access", True)
        permissions.add_permission_for_role("user", "media.factory.construct", True)
        result.set_permissions(permissions)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", default="8554")
    parser.add_argument("--mount", action="append", required=True, metavar="/PATH=FILE[,CODEC]")
    parser.add_argument("--user")
    parser.add_argument("--password", default="")
    args = parser.parse_args()

    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(args.port)
    if args.user:
        auth = GstRtspServer.RTSPAuth()
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "user")
        auth.add_digest(args.user, args.password, token)
        server.set_auth(auth)
    for mount in args.mount:
        path, _, rest = mount.partition("=")
        file, _, codec = rest.partition(",")
        server.get_mount_points().add_factory(path, factory(file, codec or "h264", bool(args.user)))
    if not server.attach(None):
        sys.exit(f"rtsp_server.py: port {args.port} can't be bound; is another server on it?")
    loop = GLib.MainLoop()
    GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, signal.SIGTERM, loop.quit)
    print(f"rtsp://127.0.0.1:{server.get_bound_port()}", flush=True)
    loop.run()


main()
