# Copyright (c) mmacnn authors. All rights reserved.
"""A network camera."""

import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np


class Mjpeg(BaseHTTPRequestHandler):
    """A network camera: JPEGs without end, until ``server.is_cut``."""

    def do_GET(self):  # noqa: N802, as http.server calls it
        self.send_response(200)
        self.send_header('Content-Type', 'multipart/x-mixed-replace; boundary=frame')
        self.end_headers()
        try:
            while not self.server.is_cut:
                shade = self.server.count % 200
                self.server.count += 1
                if self.server.count == self.server.cut_at:
                    break
                image = np.full((*self.server.size, 3), shade, np.uint8)
                content = cv2.imencode('.jpg', image)[1].tobytes()
                self.wfile.write(
                    b'--frame\r\nContent-Type: image/jpeg\r\nContent-Length: '
                    + str(len(content)).encode()
                    + b'\r\n\r\n'
                    + content
                    + b'\r\n'
                )
                time.sleep(0.02)
        except OSError:
            pass  # the reader has gone

    def log_message(self, *args):
        pass


@contextmanager
def mjpeg_camera():
    """Serves ``/live``; ``is_cut`` ends all streams, ``size`` is of the next frames.

    ``cut_at`` ends the stream once, after so many frames.
    """
    server = ThreadingHTTPServer(('127.0.0.1', 0), Mjpeg)
    server.is_cut, server.count, server.size = False, 0, (48, 64)
    server.cut_at = None
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.is_cut = True
    server.shutdown()
    server.server_close()
