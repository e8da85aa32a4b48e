"""Files of web servers: read in ranges, with signed URLs, and clear words where a server cannot do that."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pipeline.core.errors import PlanError, SourceError
from pipeline.core.remote import find, put
from pipeline.core.remote.web import _pool
from pipeline.read.opening import open_file

TEXT = b"question,answer\n" + b"Hi,Hello\n" * 5_000


class Site:
    """What a small web server has, and how it behaves."""

    def __init__(self):
        self.content, self.tag = TEXT, '"one"'
        self.ranges = True
        self.failures = []
        """Status codes, or `cut`, for the next requests."""
        self.asked = []


@pytest.fixture
def site():
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            site.asked.append(self.path)
            failure = site.failures.pop(0) if site.failures else 0
            if failure and failure != "cut":
                self.answer(failure, b"")
                return
            if self.headers.get("If-Match", site.tag) != site.tag:
                self.answer(412, b"")
                return
            begin, _, end = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
            body = site.content[int(begin) : int(end or len(site.content)) + 1] if site.ranges else site.content
            more = {"Content-Range": f"bytes {begin}-{end}/{len(site.content)}"} if site.ranges else {}
            self.answer(206 if site.ranges else 200, body, cut=failure == "cut", **more)

        def answer(self, status, body, *, cut=False, **more):
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), "ETag": site.tag, **more}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if cut else body)
            self.close_connection = self.close_connection or cut

        def log_message(self, *_args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    site.url = f"http://127.0.0.1:{server.server_port}/faq.csv"
    yield site
    _pool().clear()
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_file_is_read_whole_through_its_ranges(site):
    (place,) = find(site.url)

    assert (site.url, len(TEXT), '"one"') == (place.address, place.size, place.tag)
    with open_file(place) as file:
        assert TEXT == file.read()


def test_a_signature_is_sent_and_not_printed(site):
    (place,) = find(site.url + "?X-Amz-Signature=abc")

    assert "/faq.csv?X-Amz-Signature=abc" == site.asked[0]
    assert site.url == place.address


@pytest.mark.parametrize("failures", [[503], [500, 429], ["cut"]], ids=["busy", "two failures", "body cut"])
def test_what_fails_for_a_while_is_asked_again(site, failures):
    (place,) = find(site.url)
    site.failures += failures

    with open_file(place) as file:
        assert TEXT == file.read()
    assert [] == site.failures


@pytest.mark.parametrize("tagged", [True, False], ids=["by its mark", "by its size"])
def test_a_change_is_noticed(site, tagged):
    site.tag = '"one"' if tagged else 'W/"weak"'
    (place,) = find(site.url)
    site.content, site.tag = TEXT + b"more", '"two"' if tagged else 'W/"weak"'

    with open_file(place) as file, pytest.raises(SourceError, match="changed while it was read"):
        file.read()


@pytest.mark.parametrize(("status", "said"), [(403, "access denied"), (404, "no such"), (418, "answered 418")])
def test_a_refusal_is_one_sentence_without_the_signature(site, status, said):
    (place,) = find(site.url + "?key=hidden")
    site.failures.append(status)

    with open_file(place) as file, pytest.raises(SourceError, match=said) as told:
        file.read()
    assert "hidden" not in str(told.value)


def test_a_server_without_ranges_is_named(site):
    site.ranges = False

    with pytest.raises(SourceError, match="sends whole files only"):
        find(site.url)


def test_a_web_server_is_not_written_to(site):
    with pytest.raises(PlanError, match="cannot be written to"):
        put(site.url, b"x", over=None)
