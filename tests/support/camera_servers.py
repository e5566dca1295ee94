"""Network cameras on this machine: one that sends pictures over HTTP, one that answers RTSP."""

from __future__ import annotations

import os
import queue
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np
from numpy.typing import NDArray

LONG_S = 10.0
"""More than any of these tests waits when all is well."""

SECRET = "hush"  # noqa: S105
OPTIONS = "OPENCV_FFMPEG_CAPTURE_OPTIONS"


class MjpegServer:
    """A camera that sends what the test puts in `deliver` as MJPEG over HTTP, to whoever gives a name and password."""

    def __init__(self) -> None:
        self.asked_by: list[str] = []
        self._pictures: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # noqa: N802
                outer.asked_by.append(self.headers.get("Authorization", ""))
                if not outer.asked_by[-1]:
                    self.send_response(401)
                    self.send_header("WWW-Authenticate", 'Basic realm="camera"')
                    self.end_headers()
                    return
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
                self.end_headers()
                while (jpeg := outer._pictures.get(timeout=LONG_S)) is not None:
                    head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                    self.wfile.write(head.encode() + jpeg + b"\r\n")

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        self.host = f"127.0.0.1:{self._server.server_port}"

    def deliver(self, bgr: NDArray[np.uint8]) -> None:
        """Send a picture five times, as FFmpeg wants more than one before it calls a stream open."""
        jpeg = cv2.imencode(".jpg", bgr)[1].tobytes()
        for _ in range(5):
            self._pictures.put(jpeg)

    def hang_up(self) -> None:
        self._pictures.put(None)

    def close(self) -> None:
        self.hang_up()
        self._server.shutdown()
        self._server.server_close()


class RtspServer:
    """A camera that describes one track, writes down what transport it is asked for, and grants none."""

    def __init__(self) -> None:
        self.transports: list[str] = []
        self.options: set[str | None] = set()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"rtsp://door:{SECRET}@127.0.0.1:{self._socket.getsockname()[1]}/{SECRET}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        client, _ = self._socket.accept()
        with client, client.makefile("rwb") as stream:
            while lines := list(iter(lambda: stream.readline().decode().strip(), "")):
                self.options.add(os.environ.get(OPTIONS))
                fields = dict(line.split(": ", 1) for line in lines[1:])
                self.transports += [fields["Transport"]] if "Transport" in fields else []
                stream.write(self._answer(lines[0].split()[0], fields["CSeq"]).encode())
                stream.flush()

    def _answer(self, method: str, sequence: str) -> str:
        status = "461 Unsupported transport" if method == "SETUP" else "200 OK"
        body = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video 0 RTP/AVP 26\r\na=control:1\r\n"
        head = f"RTSP/1.0 {status}\r\nCSeq: {sequence}\r\n"
        if method != "DESCRIBE":
            return f"{head}\r\n"
        return f"{head}Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n{body}"

    def close(self) -> None:
        self._socket.close()
        self._thread.join(LONG_S)
