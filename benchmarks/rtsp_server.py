# Copyright (c) mmacnn authors. All rights reserved.
"""A network camera whose pictures tell when they were made.

    /usr/bin/python3 benchmarks/rtsp_server.py 8554 --size 480x640

Serves rtsp://127.0.0.1:PORT/live with GStreamer, for benchmarks/line_soak.py. Needs
Debian's python3-gi, gir1.2-gst-rtsp-server-1.0 and gstreamer1.0-plugins-ugly; run it
with the Python that these are for.
"""

import argparse
import time

import gi

gi.require_version('Gst', '1.0')
gi.require_version('GstRtspServer', '1.0')
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

BITS = 32  # columns of a picture, the milliseconds of the clock, highest bit first
PIPELINE = (
    '( appsrc name=source is-live=true do-timestamp=true format=time '
    'caps=video/x-raw,format=GRAY8,width={width},height={height},framerate={fps}/1 '
    '! videoconvert ! video/x-raw,format=I420 '
    '! x264enc tune=zerolatency speed-preset=ultrafast threads=1 '
    'key-int-max={fps} ! rtph264pay name=pay0 pt=96 config-interval=1 )'
)


def picture(milliseconds, height, width):
    """The time as black and white columns, bytes of (height, width) grey pixels."""
    column = width // BITS
    bits = (milliseconds >> bit & 1 for bit in reversed(range(BITS)))
    row = b''.join(b'\xeb' * column if bit else b'\x10' * column for bit in bits)
    return (row + b'\x10' * (width - len(row))) * height


class Factory(GstRtspServer.RTSPMediaFactory):
    """One stream for all who watch."""

    def __init__(self, height, width, fps):
        super().__init__()
        self.size, self.fps = (height, width), fps
        self.set_shared(True)
        self.set_launch(PIPELINE.format(height=height, width=width, fps=fps))

    def do_configure(self, media):
        source = media.get_element().get_child_by_name('source')

        def push():
            content = picture(int(1000 * time.time()) % (1 << BITS), *self.size)
            flow = source.emit('push-buffer', Gst.Buffer.new_wrapped(content))
            return flow == Gst.FlowReturn.OK

        GLib.timeout_add(1000 // self.fps, push)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('port')
    parser.add_argument('--size', default='480x640', help='HEIGHTxWIDTH (480x640)')
    parser.add_argument('--fps', type=int, default=25, help='frames a second (25)')
    args = parser.parse_args()
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address('127.0.0.1')
    server.set_service(args.port)
    height, width = map(int, args.size.split('x'))
    factory = Factory(height, width, args.fps)
    server.get_mount_points().add_factory('/live', factory)
    server.attach(None)
    print('ready', flush=True)
    GLib.MainLoop().run()


if __name__ == '__main__':
    main()
