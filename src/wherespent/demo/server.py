"""The simulated API over real HTTP/1.1, every request logged."""

import contextlib
import gzip
import socket
import socketserver
import struct
import sys
import threading
import time
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from wherespent.demo.answers import HTML, Params, answer, body_bytes, failure
from wherespent.demo.control import CLEAR, CONTROL, controlled
from wherespent.demo.faults import SHAPES, Answer
from wherespent.demo.query import ApiError, normalized
from wherespent.demo.source import Organization
from wherespent.demo.wire import encode

MOST_LOGGED = 20_000
"""A demo runs for days."""
UNANSWERED = {"hang", "reset", "reset_early"}
FLAWS = {"hang", "reset", "reset_early", "drip", "length_long", "length_short"}
"""Faults of how a right answer is sent."""


@dataclass(frozen=True)
class LoggedRequest:
    """One request as it was answered."""

    method: str
    path: str
    params: Params
    query: str
    status: int
    """0 when the connection was dropped or left hanging."""
    key: str
    """The admin key that was presented, whole: it is not a real one."""
    at: float
    seconds: float
    fault: str | None = None
    """The injected fault, `scripted` for a test's own answer."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], organization: Organization) -> None:
        self.organization = organization
        self.requests: list[LoggedRequest] = []
        self.closing = threading.Event()
        self.generating = threading.Lock()
        self.connections: set[socket.socket] = set()
        super().__init__(address, _Exchange)

    def server_bind(self) -> None:
        # HTTPServer would look its own name up in the DNS, which can take seconds.
        socketserver.TCPServer.server_bind(self)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is not worth a traceback; a mistake of ours is."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # pyright: ignore[reportArgumentType]


class _Exchange(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride] - its only user

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        super().finish()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        """Requests are kept in `requests` instead."""

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        params = normalized(parse_qsl(url.query, keep_blank_values=True))
        if url.path.startswith(CONTROL):
            self._send(controlled(self.server.organization, url.path, params))
            return
        faults = self.server.organization.faults
        fault = faults.next_fault(url.path)
        began, at = time.perf_counter(), time.time()
        if faults.latency:
            self.server.closing.wait(faults.latency)
        reply = self._answered(url.path, params) if fault is None else self._faulty(fault, params)
        name = "scripted" if isinstance(fault, Answer) else fault
        status = 0 if name in UNANSWERED else reply.status
        # Logged before it is sent, so that a client that has its answer finds it in the log.
        self._log(url.path, params, url.query, status, at, time.perf_counter() - began, name)
        if name == "hang":
            self.close_connection = True
            self.server.closing.wait(faults.hang_seconds)
        elif name == "reset_early":
            self._reset()
        else:
            self._send(reply, name)

    def do_POST(self) -> None:
        if self.path == CLEAR:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.server.organization.faults.clear()
            self._send(controlled(self.server.organization, CONTROL, {}))
        else:
            self._refuse_method()

    def do_DELETE(self) -> None:
        self._refuse_method()

    def _refuse_method(self) -> None:
        # The connection is used again, so nothing of the body may stay in it.
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._log(self.path, {}, "", 405, time.time(), 0.0, None)
        self._send(Answer(405, ApiError(405, f"Not allowed to {self.command}.").body))

    def _log(
        self,
        path: str,
        params: Params,
        query: str,
        status: int,
        at: float,
        took: float,
        fault: str | None,
    ) -> None:
        key = (self.headers["Authorization"] or "").removeprefix("Bearer ")
        if len(self.server.requests) >= MOST_LOGGED:
            del self.server.requests[: MOST_LOGGED // 2]
        self.server.requests.append(
            LoggedRequest(self.command, path, params, query, status, key, at, took, fault)
        )

    def _answered(self, path: str, params: Params, **quirks: bool) -> Answer:
        key = self.headers["Authorization"]
        organization = self.server.organization
        if quirks:
            organization = organization.with_quirks(**quirks)
        try:
            with self.server.generating:
                return Answer(200, encode(answer(organization, path, params, key)))
        except ApiError as error:
            return Answer(error.status, error.body)

    def _faulty(self, fault: str | Answer, params: Params) -> Answer:
        if isinstance(fault, Answer):
            return fault
        path = urlsplit(self.path).path
        if fault in SHAPES:
            return self._answered(path, params, **{SHAPES[fault]: True})
        if fault in FLAWS:
            return self._answered(path, params)
        if fault == "mislabelled":
            return replace(self._answered(path, params), headers=HTML)
        if fault == "truncated":
            whole = self._answered(path, params)
            body = body_bytes(whole)
            return replace(whole, body=body[: len(body) // 2])
        organization = self.server.organization
        return failure(fault, organization.faults.retry_after, organization.clock())

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The `Date` of an answer, by the organization's clock."""
        at = self.server.organization.clock() if timestamp is None else timestamp
        return super().date_time_string(at)

    def _send(self, reply: Answer, flaw: str | None = None) -> None:
        """Send an answer, with one of FLAWS if it is to have one."""
        body = body_bytes(reply)
        self.send_response(reply.status)
        headers = {"Content-Type": "application/json", **reply.headers}
        if len(body) > 1400 and "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body, 1)
            headers["Content-Encoding"] = "gzip"
        headers["Content-Length"] = str(announced_length(len(body), flaw))
        headers["X-Request-Id"] = f"req_{len(self.server.requests):08x}"
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if flaw == "drip":
            self._drip(body)
            return
        self.wfile.write(body[: len(body) // 2] if flaw == "reset" else body)
        self.wfile.flush()
        if flaw == "reset":
            self._reset()
        # The client waits for the rest that was announced, and is told that there is none.
        self.close_connection |= flaw == "length_long"

    def _drip(self, body: bytes) -> None:
        pause = self.server.organization.faults.drip_seconds
        for place in range(len(body)):
            self.wfile.write(body[place : place + 1])
            self.wfile.flush()
            if self.server.closing.wait(pause):
                return

    def _reset(self) -> None:
        self.close_connection = True
        # SO_LINGER 0 makes the close a RST, the way a load balancer dies.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def announced_length(length: int, flaw: str | None) -> int:
    """What Content-Length says of a body of `length` bytes."""
    return {"length_long": length + 100, "length_short": length // 2}.get(flaw or "", length)


class RunningServer:
    """A served organization; close it, or use it as a context manager."""

    def __init__(self, organization: Organization, host: str, port: int) -> None:
        self.organization = organization
        self._server = _Server((host, port), organization)
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.02},
            name="demo-api",
            daemon=True,
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """The base URL, ending in /v1."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}/v1"

    @property
    def requests(self) -> list[LoggedRequest]:
        """Every request so far, oldest first; clear it at will."""
        return self._server.requests

    def close(self) -> None:
        """Stop listening, wake what hangs and drop every open connection."""
        if self._server.closing.is_set():
            return
        self._server.closing.set()
        self._server.shutdown()
        self._server.server_close()
        for connection in list(self._server.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def serve(organization: Organization, host: str = "127.0.0.1", port: int = 0) -> RunningServer:
    """Answer for an organization on a background thread, on a free port unless one is given."""
    return RunningServer(organization, host, port)
