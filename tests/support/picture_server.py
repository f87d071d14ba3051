"""A server of pictures on loopback that behaves as badly as it is asked to."""

import gzip
import io
import socket
import threading
import time
import zlib
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
from PIL import Image


def picture(kind="JPEG", seed=0, size=(40, 30)):
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, kind)
    return data.getvalue()


PICTURES = {kind: picture(kind) for kind in ("JPEG", "PNG", "WEBP", "GIF", "BMP")}
JPEG = PICTURES["JPEG"]
BOMB = gzip.compress(bytes(50_000_000))  # 49 kB


def png_that_says(width, height):
    """A PNG whose header announces so many pixels."""
    data = bytearray(PICTURES["PNG"])
    data[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    return bytes(data)


class PictureServer(ThreadingHTTPServer):
    """Serves `/<behavior>/<anything>`.

    Attributes:
        url: Of the server, without a path.
        asked: How often each path was asked for.
        headers: Of the last request of each path.
        at_once: The most requests of `/slow` that were waiting for their answer at the same time.
        times: When each request came.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address="127.0.0.1"):
        super().__init__((address, 0), _Handler)
        self.url = f"http://{address}:{self.server_port}"
        self.asked, self.headers, self.times = Counter(), {}, []
        self.lock = threading.Lock()
        self.now, self.at_once = 0, 0
        self.stopped = threading.Event()
        self.connections = 0

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address):
        pass  # clients that hang up are what is tested


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        with self.server.lock:
            self.server.connections += 1

    def log_message(self, *_):
        pass

    def do_GET(self):
        server = self.server
        with server.lock:
            server.asked[self.path] += 1
            server.headers[self.path] = dict(self.headers)
            server.times.append(time.monotonic())
        getattr(self, self.path.split("/")[1])(server.asked[self.path])

    def answer(self, data=JPEG, status=200, length=None, **headers):
        self.send_response(status)
        if length != "none":
            self.send_header("Content-Length", str(len(data) if length is None else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def hang_up(self):
        self.close_connection = True

    # What there is to be asked for.

    def good(self, time_):
        self.answer()

    def kind(self, time_):
        self.answer(PICTURES[self.path.split("/")[2]], Content_Type="text/plain")

    def slow(self, time_):
        server = self.server
        with server.lock:
            server.now += 1
            server.at_once = max(server.at_once, server.now)
        time.sleep(0.05)
        with server.lock:
            server.now -= 1  # before the client can know that it is answered
        self.answer()

    def chunked(self, time_):
        self.answer(
            b"%x\r\n%s\r\n0\r\n\r\n" % (len(JPEG), JPEG), length="none", Transfer_Encoding="chunked"
        )

    def until_closed(self, time_):
        self.answer(length="none")
        self.hang_up()

    def stall_before(self, time_):
        self.server.stopped.wait(30)
        self.hang_up()

    def stall_within(self, time_):
        self.answer(JPEG[:1000], length=len(JPEG))
        self.server.stopped.wait(30)
        self.hang_up()

    def drip(self, time_):
        self.answer(b"", length=len(JPEG))
        self._drip(JPEG)

    def drip_until_closed(self, time_):
        self.answer(b"", length="none")
        self._drip(JPEG)

    def drip_headers(self, time_):
        self._drip(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 1000)

    def drip_redirects(self, time_):
        self.server.stopped.wait(0.1)
        self.answer(b"", 302, Location=f"/drip_redirects/{time.monotonic()}")

    def continue_for_ever(self, time_):
        self._drip(b"HTTP/1.1 100 Continue\r\n\r\n" * 100, 25)

    def _drip(self, data, step=1):
        for start in range(0, len(data), step):
            if self.server.stopped.wait(0.05):
                break
            self.wfile.write(data[start : start + step])
        self.hang_up()

    def truncated(self, time_):
        self.answer(JPEG[:1000], length=len(JPEG))
        self.hang_up()

    def truncated_once(self, time_):
        self.truncated(time_) if time_ == 1 else self.answer()

    def truncated_chunk(self, time_):
        self.answer(
            b"%x\r\n%s" % (len(JPEG), JPEG[:1000]), length="none", Transfer_Encoding="chunked"
        )
        self.hang_up()

    def truncated_until_closed(self, time_):
        self.answer(JPEG[:1000], length="none")
        self.hang_up()

    def short_length(self, time_):
        self.answer(JPEG, length=1000)
        self.hang_up()

    def dies(self, time_):
        self.connection.shutdown(socket.SHUT_RDWR)
        self.hang_up()

    def garbage(self, time_):
        self.wfile.write(b"\0\1\2 nonsense\r\n\r\n" * 10)
        self.hang_up()

    def html(self, time_):
        self.answer(b"<html>captcha</html>", Content_Type="image/jpeg")

    def svg(self, time_):
        self.answer(b'<svg xmlns="http://www.w3.org/2000/svg"/>', Content_Type="image/svg+xml")

    def eps(self, time_):
        self.answer(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", Content_Type="image/jpeg")

    def nothing(self, time_):
        self.answer(b"")

    def pixels(self, time_):
        self.answer(png_that_says(60_000, 60_000))

    def bomb(self, time_):
        self.answer(BOMB, Content_Encoding="gzip", Content_Type="image/jpeg")

    def huge(self, time_):
        self.answer(b"", length=10**12)
        self.hang_up()

    def endless(self, time_):
        self.answer(JPEG, length="none")
        try:
            while not self.server.stopped.is_set():
                self.wfile.write(bytes(65536))
        except OSError:
            self.hang_up()

    def negative_length(self, time_):
        self.answer(JPEG, length=-5)
        self.hang_up()

    def status(self, time_):
        self.answer(b"no", int(self.path.split("/")[2]))

    def busy_once(self, time_):
        if time_ == 1:
            self.answer(b"", int(self.path.split("/")[2]), Retry_After=self.path.split("/")[3])
        else:
            self.answer()

    def broken_once(self, time_):
        self.answer(b"", 503) if time_ == 1 else self.answer()

    def cookie(self, time_):
        self.answer(Set_Cookie="who=you")

    def redirect(self, time_):
        """To the rest of the path, or in as many hops as it says."""
        target = self.path.removeprefix("/redirect/")
        if target.isdigit():
            target = f"/redirect/{int(target) - 1}" if int(target) else "/good/end"
        self.answer(b"", 302, Location=target)

    def loop(self, time_):
        self.answer(b"", 302, Location=self.path)

    def endless_redirect(self, time_):
        self.send_response(302)
        self.send_header("Location", "/good/end")
        self.end_headers()
        try:
            while not self.server.stopped.is_set():
                self.wfile.write(bytes(65536))
        except OSError:
            self.hang_up()

    def no_location(self, time_):
        self.answer(b"", 302)
