"""HTTP as the daemon speaks it, against peers that are careless, slow or hostile. Over the witness role, which needs nothing else."""

import contextlib
import socket
import time

import pytest

from support import tlog
from support.waiting import wait_for
from test_witness import Witness, expect_cosigned, leaves

CONNECTIONS = 16
TIMEOUT_S = 1.0


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture(scope="module")
def witness():
    witness = Witness(http_connections_max=CONNECTIONS, http_timeout_ms=int(TIMEOUT_S * 1000))
    witness.daemon.start()
    yield witness
    witness.daemon.stop()
    witness.close()


@pytest.fixture(autouse=True)
def still_serves(witness):
    """Whatever a test did to it, others are served, and nothing was cosigned."""
    yield
    answer = wait_for("an answer", lambda: tlog.ask(witness.address, "GET", "/none"))
    assert answer.status == 404 and witness.daemon.is_running()
    assert witness.size() == 0


def status_of(got):
    assert got.startswith(b"HTTP/1.1 "), got
    return int(got.split(b" ")[1])


def statuses_of(got):
    return [int(part[:3]) for part in got.split(b"HTTP/1.1 ")[1:]]


def head(*fields, method="POST", path="/add-checkpoint", version="HTTP/1.1"):
    return "\r\n".join((f"{method} {path} {version}", "Host: w", *fields, "", "")).encode()


BODY = b"old 0\n\n"
REFUSED = {
    "Content-Length twice": head("Content-Length: 7", "Content-Length: 7") + BODY,
    "two values of Content-Length": head("Content-Length: 7, 7") + BODY,
    "two Content-Lengths that differ": head("Content-Length: 7", "Content-Length: 0") + BODY,
    "Transfer-Encoding twice": head("Transfer-Encoding: chunked", "Transfer-Encoding: chunked") + b"7\r\n" + BODY + b"\r\n0\r\n\r\n",
    "both": head("Content-Length: 7", "Transfer-Encoding: chunked") + b"7\r\n" + BODY + b"\r\n0\r\n\r\n",
    "both the other way round": head("Transfer-Encoding: chunked", "Content-Length: 7") + b"7\r\n" + BODY + b"\r\n0\r\n\r\n",
    "another coding": head("Transfer-Encoding: gzip") + BODY,
    "two codings": head("Transfer-Encoding: gzip, chunked") + b"7\r\n" + BODY + b"\r\n0\r\n\r\n",
    "a length with a sign": head("Content-Length: +7") + BODY,
    "a negative length": head("Content-Length: -7") + BODY,
    "a hexadecimal length": head("Content-Length: 0x7") + BODY,
    "a length of more than 64 bits": head("Content-Length: 99999999999999999999") + BODY,
    "an empty length": head("Content-Length:") + BODY,
    "a control character in a value": head("X-Note: a\x01b", method="GET", path="/none"),
    "a DEL in a value": head("X-Note: a\x7fb", method="GET", path="/none"),
    "a control character in the path": head(method="GET", path="/no\x01ne"),
    "an escaped NUL": head(method="GET", path="/none%00"),
    "an escaped newline": head(method="GET", path="/none%0a"),
    "an escaped DEL": head(method="GET", path="/none%7F"),
    "a broken escape": head(method="GET", path="/none%g0"),
    "half an escape": head(method="GET", path="/none%4"),
    "bytes that are no UTF-8": head(method="GET", path="/none%ff"),
    "raw bytes beyond ASCII": head(method="GET", path="/none\xe9"),
    "no Host": b"GET /none HTTP/1.1\r\n\r\n",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_could_be_read_in_two_ways_is_refused(witness, name):
    """libmicrohttpd 0.9.75 writes the head of a refusal of its own twice, and then disconnects: no other status may come behind it."""
    got = tlog.exchange(witness.address, REFUSED[name])
    assert got and set(statuses_of(got)) <= {400, 413}, got
    assert b"malformed request" in got or b"<html>" in got, "the witness has seen it"


@pytest.mark.parametrize("data", ids=range(8), argvalues=[b"\x00" * 100, b"\xff\xfe\r\n\r\n", b"GET\r\n\r\n", b"GET /none\x00 HTTP/1.1\r\nHost: w\r\n\r\n",
                                  b"GET /none HTTP/1.1\r\nHost: w\r\nX-Note: a\x00b\r\n\r\n", b"GET /none HTTP/1.1\r\nHost : w\r\n\r\n",
                                  b"GET /none HTTP/1.1\r\nHost: w\r\n folded: x\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc"])
def test_what_is_no_http_is_refused_or_left(witness, data):
    got = tlog.exchange(witness.address, data)
    assert not got or status_of(got) in (400, 404, 505), got


def test_a_request_hidden_behind_a_refused_body_is_not_answered(witness):
    hidden = b"GET /hidden HTTP/1.1\r\nHost: w\r\n\r\n"
    for framing in (("Content-Length: 0", f"Content-Length: {len(hidden)}"), ("Transfer-Encoding: chunked", "Content-Length: 3"),
                    ("Transfer-Encoding: identity",)):
        assert 404 not in statuses_of(tlog.exchange(witness.address, head(*framing) + hidden))


@pytest.mark.parametrize("method, path, status", [
    ("GET", "/add-checkpoint", 405), ("PUT", "/add-checkpoint", 405), ("DELETE", "/add-checkpoint", 405), ("BREW", "/add-checkpoint", 405),
    ("POST", "/none", 404), ("GET", "/", 404), ("GET", "/add-checkpoint/", 404), ("GET", "/add-checkpointx", 404), ("OPTIONS", "*", 404),
    ("GET", "/checkpoint", 404), ("GET", "/tile/0/000", 404)])
def test_what_is_not_there_is_told_apart_from_what_may_not_be_done(witness, method, path, status):
    answer = tlog.ask(witness.address, method, path)
    assert answer.status == status
    if status == 405:
        assert answer.headers["Allow"] == "POST"
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_body_that_is_too_large_is_refused_before_it_is_sent(witness):
    got = tlog.exchange(witness.address, head(f"Content-Length: {40 * 1024}"))
    assert status_of(got) == 413
    got = tlog.exchange(witness.address, head("Content-Length: 9223372036854775807"))
    assert status_of(got) == 413


def test_a_body_in_pieces_that_grows_too_large_ends_the_connection(witness):
    piece = b"1000\r\n" + b"x" * 0x1000 + b"\r\n"
    with tlog.open_socket(witness.address) as sock:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            sock.sendall(head("Transfer-Encoding: chunked") + piece * 64)
        with contextlib.suppress(ConnectionResetError):
            assert sock.recv(100) == b""


def test_a_body_where_none_belongs_is_refused(witness):
    path = "/" + witness.state_file().stem + "/checkpoint"
    assert status_of(tlog.exchange(witness.address, head("Content-Length: 1", method="GET", path=path) + b"x")) == 413
    assert status_of(tlog.exchange(witness.address, head("Transfer-Encoding: chunked", method="GET", path=path) + b"0\r\n\r\n")) == 413


def test_a_body_in_pieces_is_put_together(witness):
    pieces = b"".join(b"1\r\n" + bytes([c]) + b"\r\n" for c in b"old x\n\n") + b"0\r\n\r\n"
    got = tlog.exchange(witness.address, head("Transfer-Encoding: chunked") + pieces)
    assert status_of(got) == 400 and b"no old size" in got


def test_headers_without_end_are_refused(witness):
    got = b""
    with tlog.open_socket(witness.address) as sock:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            sock.sendall(b"GET /none HTTP/1.1\r\nHost: w\r\n" + b"X-Filler: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n" * 20000)
        with contextlib.suppress(ConnectionResetError):
            got = sock.recv(100)
    assert not got or status_of(got) in (413, 431), got


def test_several_requests_in_one_connection_are_answered_in_order(witness):
    got = tlog.exchange(witness.address, head(method="GET", path="/none") + head("Content-Length: 7") + BODY + head(method="HEAD", path="/none"))
    assert statuses_of(got) == [404, 400, 404]


def expect_cut(sock, at_least_s, since):
    """The peer is disconnected, after its time and not long after it."""
    sock.settimeout(10 * TIMEOUT_S)
    with contextlib.suppress(ConnectionResetError):
        while sock.recv(65536):
            pass
    assert at_least_s <= time.monotonic() - since < 4 * TIMEOUT_S


@pytest.mark.parametrize("begin", ids=("nothing", "half a line", "no body", "half a body"),
                         argvalues=[b"", b"POST /add-ch", head("Content-Length: 1000"), head("Content-Length: 1000") + BODY])
def test_a_peer_that_does_not_go_on_is_disconnected(witness, begin):
    started = time.monotonic()
    with tlog.open_socket(witness.address) as sock:
        sock.sendall(begin)
        expect_cut(sock, 0.7 * TIMEOUT_S, started)


@pytest.mark.parametrize("begin", ids=("head", "body"), argvalues=[b"GET /none HTTP/1.1\r\nX-Slow: ", head("Content-Length: 1000")])
def test_a_peer_that_sends_byte_by_byte_has_no_longer(witness, begin):
    started = time.monotonic()
    with tlog.open_socket(witness.address) as sock:
        sock.sendall(begin)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            while time.monotonic() - started < 5 * TIMEOUT_S:
                sock.sendall(b"x")
                time.sleep(0.05)
        assert 0.7 * TIMEOUT_S <= time.monotonic() - started < 4 * TIMEOUT_S


def test_a_peer_that_never_reads_is_disconnected(witness):
    started = time.monotonic()
    with tlog.open_socket(witness.address, timeout=5 * TIMEOUT_S) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            while time.monotonic() - started < 6 * TIMEOUT_S:
                sock.sendall(head(method="GET", path="/none") * 100)
    assert time.monotonic() - started < 5 * TIMEOUT_S


def test_more_connections_than_allowed_wait_their_turn(witness):
    with contextlib.ExitStack() as stack:
        for _ in range(3 * CONNECTIONS):
            stack.enter_context(tlog.open_socket(witness.address)).sendall(b"GET /none")
        started = time.monotonic()
        assert tlog.ask(witness.address, "GET", "/none").status == 404
        assert time.monotonic() - started < 6 * TIMEOUT_S
    wait_for("the statistics line", lambda: [line for line in witness.daemon.events("http_stats") if int(line["disconnected"]) >= CONNECTIONS])


def test_a_connection_serves_a_thousand_requests(witness):
    connection = tlog.Connection(witness.address)
    connection.connect()
    sock = connection.sock
    for _ in range(1000):
        connection.request("GET", "/none")
        assert tlog.Answer(connection.getresponse()).status == 404
    assert connection.sock is sock
    connection.close()


def test_tcp_is_listened_on_too_and_a_port_taken_is_refused():
    port = free_port()
    first = Witness(http_listen=f"127.0.0.1:{port}")
    second = Witness(http_listen=f"127.0.0.1:{port}")
    try:
        first.daemon.start()
        first.address = f"127.0.0.1:{port}"
        expect_cosigned(first.submit(0, leaves(3)), leaves(3))
        second.daemon.start(ready=False)
        assert second.daemon.wait() == 78
        assert "http_listen" in second.daemon.events("start_refused")[0]["error"]
    finally:
        first.close()
        second.close()


def test_a_socket_file_left_behind_is_replaced_and_one_in_use_is_not():
    first = Witness()
    second = Witness(http_listen=first.address)
    try:
        first.daemon.start()
        second.daemon.start(ready=False)
        assert second.daemon.wait() == 78
        assert tlog.ask(first.address, "GET", "/none").status == 404
        first.daemon.kill()
        first.daemon.start()
        assert tlog.ask(first.address, "GET", "/none").status == 404
        first.daemon.stop()
        assert not (first.directory / "http.sock").exists()
    finally:
        first.close()
        second.close()
