import shutil
import socket
import ssl
import subprocess
import threading
import time
from dataclasses import replace

import pytest
from picture_server import BOMB, JPEG, PICTURES, PictureServer
from urllib3 import Retry, Timeout

from keras_fashion.data.sources.web_pictures import public_addresses
from keras_fashion.data.sources.web_pictures.download_limits import DownloadLimits
from keras_fashion.data.sources.web_pictures.picture_download import (
    DownloadFailed,
    PictureDownloader,
)

LIMITS = DownloadLimits(timeout=Timeout(connect=0.5, read=0.5), max_seconds=10, max_bytes=200_000)
HASTY = replace(LIMITS, max_seconds=0.6)


@pytest.fixture(scope="module")
def shop():
    with PictureServer() as shop:
        yield shop


@pytest.fixture
def downloader():
    downloader = PictureDownloader(LIMITS, allow_private=True)
    yield downloader
    downloader.close()


@pytest.fixture
def hasty():
    downloader = PictureDownloader(HASTY, allow_private=True)
    yield downloader
    downloader.close()


def failure(downloader, address):
    """Why it failed, within the time that a download may take and a margin for a busy machine."""
    start = time.monotonic()
    with pytest.raises(DownloadFailed) as caught:
        downloader.download(address)
    assert time.monotonic() - start < downloader.limits.max_seconds + 10
    return caught.value


@pytest.mark.parametrize(
    ("kind", "suffix"),
    [("JPEG", ".jpg"), ("PNG", ".png"), ("WEBP", ".webp"), ("GIF", ".gif"), ("BMP", ".bmp")],
)
def test_a_picture_is_known_by_its_content(shop, downloader, kind, suffix):
    got = downloader.download(f"{shop.url}/kind/{kind}")
    assert (got.data, got.suffix) == (PICTURES[kind], suffix)


@pytest.mark.parametrize("path", ["chunked", "until_closed", "redirect/4", "redirect/0", "cookie"])
def test_ways_of_sending_a_picture(shop, downloader, path):
    assert downloader.download(f"{shop.url}/{path}").data == JPEG


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("status/404", "HTTP status 404"),
        ("status/403", "HTTP status 403"),
        ("status/410", "HTTP status 410"),
        ("status/204", "HTTP status 204"),
        ("html/a", "not a picture"),
        ("svg/a", "not a picture"),
        ("eps/a", "not a picture"),
        ("nothing/a", "not a picture"),
        ("bomb/a", "not a picture"),
        ("pixels/a", "too many pixels"),
        ("short_length/a", "picture is damaged"),
        ("huge/a", "larger than 200,000 bytes"),
        ("endless/a", "larger than 200,000 bytes"),
        ("loop/a", "too many redirects"),
        ("redirect/5", "too many redirects"),
        ("no_location/a", "HTTP status 302"),
        ("redirect/file:///etc/passwd", "neither http nor https"),
        ("redirect/ftp://127.0.0.1/a.jpg", "neither http nor https"),
        ("redirect/http://me:secret@127.0.0.1/a.jpg", "user name or password"),
        ("redirect/http://[::1", "not an address"),
    ],
)
def test_what_will_never_be_a_picture(shop, downloader, path, reason):
    error = failure(downloader, f"{shop.url}/{path}")
    assert reason in str(error)
    assert error.retry == "never"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("status/500", "HTTP status 500"),
        ("status/503", "HTTP status 503"),
        ("stall_before/a", "imed"),
        ("stall_within/a", "imed"),
        ("truncated/a", "IncompleteRead"),
        ("truncated_chunk/a", "IncompleteRead"),
        ("truncated_until_closed/a", "damaged"),
        ("dies/a", "RemoteDisconnected"),
        ("garbage/a", "BadStatusLine"),
    ],
)
def test_what_another_attempt_may_overcome(shop, downloader, path, reason):
    error = failure(downloader, f"{shop.url}/{path}")
    assert reason in str(error)
    assert error.retry == "soon"


@pytest.mark.parametrize("path", ["drip", "drip_headers", "drip_redirects", "continue_for_ever"])
def test_who_drips_holds_nobody(shop, hasty, path):
    error = failure(hasty, f"{shop.url}/{path}/a")
    assert ("not complete after 0.6 s" in str(error)) or path == "drip_redirects"
    assert path == "drip_redirects" or error.retry == "next run"


def test_what_was_cut_off_is_not_taken_for_damaged(shop, hasty):
    error = failure(hasty, f"{shop.url}/drip_until_closed/a")
    assert "not complete after 0.6 s" in str(error)
    assert error.retry == "next run"


def test_the_body_of_a_redirect_is_not_read(shop, downloader):
    assert downloader.download(f"{shop.url}/endless_redirect/a").data == JPEG


def test_the_number_of_redirects_is_a_limit(shop):
    limits = DownloadLimits(retries=Retry(total=None, redirect=2))
    downloader = PictureDownloader(limits, allow_private=True)
    assert downloader.download(f"{shop.url}/redirect/1").data == JPEG
    assert str(failure(downloader, f"{shop.url}/redirect/2")) == "too many redirects"


def test_a_drip_during_the_tls_handshake_holds_nobody(downloader):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ended = threading.Event()

        def drip():
            line, _ = listener.accept()
            with line:
                line.sendall(b"\x16\x03\x03\x40\x00")  # a record of 16 KiB is to come
                for _ in range(100):
                    if ended.wait(0.05):
                        break
                    try:
                        line.sendall(b"\x02")
                    except OSError:
                        break

        threading.Thread(target=drip, daemon=True).start()
        error = failure(downloader, f"https://127.0.0.1:{listener.getsockname()[1]}/a.jpg")
        ended.set()
    assert error.retry != "never"


def test_nothing_is_inflated(shop, downloader):
    assert len(BOMB) < LIMITS.max_bytes  # so that it is not refused for its size
    assert "not a picture" in str(failure(downloader, f"{shop.url}/bomb/b"))
    assert shop.headers["/bomb/b"]["Accept-Encoding"] == "identity"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7), ("0", 0), ("soon", 0), ("-3", 0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0)],
)
def test_how_long_a_busy_server_asks_to_wait(shop, downloader, header, seconds):
    error = failure(downloader, f"{shop.url}/busy_once/429/{header.replace(' ', '%20')}")
    assert error.retry == "soon"
    assert error.busy_seconds == seconds


def test_only_a_busy_server_is_waited_for(shop, downloader):
    assert failure(downloader, f"{shop.url}/busy_once/404/3600").busy_seconds is None


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1/" + "a" * 9000, "file:///etc/passwd", "ftp://example.org/a.jpg", "a.jpg", "",
     "//example.org/a.jpg",
     "javascript:alert(1)", "http:///a.jpg", "http://me@127.0.0.1/", "http://:@127.0.0.1/",
     "http://127.0.0.1:99999/", "http://[::1/", "data:image/gif;base64,R0lG"],
)  # fmt: skip
def test_addresses_that_are_not_asked(downloader, address):
    assert failure(downloader, address).retry == "never"


def test_a_line_break_in_an_address_stays_in_the_path(shop, downloader):
    downloader.download(f"{shop.url}/good/a\r\nX-Evil: 1\r\n\r\nb")
    (path,) = [path for path in shop.asked if path.startswith("/good/a")]
    assert "X-Evil" not in shop.headers[path]


def test_who_asks_is_said_and_no_cookie_is_sent(shop, downloader):
    for _ in range(2):
        downloader.download(f"{shop.url}/cookie/twice")
    headers = shop.headers["/cookie/twice"]
    assert headers["User-Agent"].startswith("keras-fashion/")
    assert "Cookie" not in headers and "Authorization" not in headers


def test_connections_are_used_again(downloader):
    with PictureServer() as shop:
        for _ in range(5):
            downloader.download(f"{shop.url}/good/a")
        assert shop.connections == 1


def test_a_private_address_is_refused_unless_allowed(shop):
    error = failure(PictureDownloader(LIMITS), f"{shop.url}/good/private")
    assert "not a public address" in str(error)
    assert error.retry == "never"
    assert "/good/private" not in shop.asked


def test_a_redirect_to_a_private_address_is_refused(shop, monkeypatch):
    """127.0.0.1 plays the public server, 127.0.0.2 the private one."""
    monkeypatch.setattr(public_addresses, "is_public", lambda address: address == "127.0.0.1")
    with PictureServer("127.0.0.2") as private:
        error = failure(PictureDownloader(LIMITS), f"{shop.url}/redirect/{private.url}/good/secret")
        assert "not a public address" in str(error)
        assert not private.asked


def test_a_name_that_changes_its_address_is_not_followed(monkeypatch):
    """A name server that says a public address first and a private one ever after."""
    monkeypatch.setattr(public_addresses, "is_public", lambda address: address == "127.0.0.1")
    resolve = socket.getaddrinfo
    asked = []

    def rebind(host, port, *args, **kwargs):
        if host == "rebind.example":
            asked.append(host)
            host = "127.0.0.1" if len(asked) == 1 else "127.0.0.2"
        return resolve(host, port, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", rebind)
    with PictureServer("127.0.0.2") as private:
        with PictureServer() as public:
            # The same port on both, or the test could pass by accident.
            public_port = public.server_port
            address = f"http://rebind.example:{public_port}/good/a"
            downloader = PictureDownloader(LIMITS)
            assert downloader.download(address).data == JPEG
            assert asked == ["rebind.example"]
            assert public.headers["/good/a"]["Host"] == f"rebind.example:{public_port}"
            downloader.close()
        error = failure(downloader, f"http://rebind.example:{private.server_port}/good/a")
        assert "not a public address" in str(error)
        assert not private.asked
        assert len(asked) == 2


def test_every_address_of_a_name_is_tried(shop, monkeypatch):
    def resolve(host, port, *args, **kwargs):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port))
                for ip in ("127.0.0.9", "127.0.0.1")]  # fmt: skip

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    downloader = PictureDownloader(LIMITS, allow_private=True)
    assert downloader.download(f"http://two.example:{shop.server_port}/good/b").data == JPEG
    downloader.close()


def test_a_name_that_does_not_resolve_may_resolve_tomorrow(monkeypatch, downloader):
    def fail(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    assert failure(downloader, "http://offline.example/a.jpg").retry == "soon"


def test_stopping_ends_what_is_under_way(shop):
    downloader = PictureDownloader(DownloadLimits(), allow_private=True)
    errors = []

    def download():
        try:
            downloader.download(f"{shop.url}/stall_before/stop")
        except DownloadFailed as error:
            errors.append(error)

    thread = threading.Thread(target=download)
    thread.start()
    deadline = time.monotonic() + 20
    while "/stall_before/stop" not in shop.asked and time.monotonic() < deadline:
        time.sleep(0.01)
    downloader.stop()
    thread.join(10)
    assert not thread.is_alive()
    assert errors
    with pytest.raises(DownloadFailed):
        downloader.download(f"{shop.url}/good/after")


@pytest.mark.skipif(not shutil.which("openssl"), reason="makes a certificate with openssl")
def test_certificates_are_checked_by_name(tmp_path, monkeypatch):
    def certificate(name):
        key, certificate = tmp_path / f"{name}.key", tmp_path / f"{name}.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "2", "-keyout", key, "-out", certificate, "-subj", f"/CN={name}",
             "-addext", f"subjectAltName=DNS:{name}"],
            check=True, capture_output=True,
        )  # fmt: skip
        return key, certificate

    key, trusted = certificate("shop.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    resolve = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *args, **kw: resolve("127.0.0.1", *args, **kw)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trusted, key)
    with PictureServer() as shop:
        shop.socket = context.wrap_socket(shop.socket, server_side=True)
        downloader = PictureDownloader(LIMITS, allow_private=True)
        for number in range(2):
            address = f"https://shop.example:{shop.server_port}/good/{number}"
            assert downloader.download(address).data == JPEG
        error = failure(downloader, f"https://other.example:{shop.server_port}/good/c")
        assert "mismatch" in str(error).lower()
        assert "/good/c" not in shop.asked
        downloader.close()
