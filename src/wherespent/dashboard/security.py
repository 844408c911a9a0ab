"""What every answer carries and every request must pass: headers, origin, size, shape."""

import base64
import hashlib
import logging
import re
import secrets
from collections.abc import Callable, Sequence
from typing import Any, cast
from urllib.parse import urlsplit

import orjson
from dash import Dash
from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wherespent.dashboard.login import install_login
from wherespent.dashboard.static import CompressedStatic

CALLBACK_PATH = "/_dash-update-component"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_PAGE_BODY = 1 << 20
_API_BODY = 16 << 20
_INLINE_SCRIPT = re.compile(r"<script>(.+?)</script>", re.DOTALL)

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}

_log = logging.getLogger(__name__)


def install_security(
    server: FastAPI,
    app: Dash,
    *,
    allowed_hosts: Sequence[str] | None = None,
    password: str = "",
    secret: str = "",
) -> None:
    """Put the guards around a server, outermost last. Call once, after `create_app`.

    With a `password` everything but a few public paths asks for it; `secret` signs the
    sessions and is the same in every process.
    `allowed_hosts`: host names (without port) that a request may name, or None for any. A
    server on a loopback address should allow only loopback names, or a foreign page could
    reach it through a name that it points there (DNS rebinding).
    """
    server.add_middleware(CallbackShape, dash_app=app)
    server.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=4)
    server.add_middleware(CompressedStatic)
    if password:
        install_login(server, password=password, secret=secret)
    server.add_middleware(OriginGuard)
    server.add_middleware(Envelope, policy=policy_of(app), allowed_hosts=allowed_hosts)


def policy_of(app: Dash) -> Callable[[], str]:
    """The Content-Security-Policy, made anew: Dash adds an inline script at its first page."""

    def policy() -> str:
        inline = [_hash(script) for script in _INLINE_SCRIPT.findall(app.index_string)]
        scripts = " ".join(["'self'", *inline, *dict.fromkeys(app.csp_hashes())])
        return "; ".join(
            (
                "default-src 'self'",
                f"script-src {scripts}",
                "style-src 'self' 'unsafe-inline'",
                "img-src 'self' data: blob:",
                "font-src 'self'",
                "connect-src 'self'",
                "worker-src 'self' blob:",
                "frame-ancestors 'none'",
                "object-src 'none'",
                "base-uri 'none'",
                "form-action 'self'",
            )
        )

    return policy


def _hash(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def is_cross_origin(method: str, headers: Headers) -> bool:
    """Whether a browser sent this from another site; the rules of Go's CrossOriginProtection.

    A request with neither header is not from a browser. A bearer token exempts, because no
    browser adds one by itself, unless a cookie comes with it.
    """
    if method in _SAFE_METHODS:
        return False
    if headers.get("authorization", "").lower().startswith("bearer ") and "cookie" not in headers:
        return False
    if site := headers.get("sec-fetch-site"):
        return site not in ("same-origin", "none")
    if origin := headers.get("origin"):
        return urlsplit(origin).netloc != headers.get("host")
    return False


class Envelope:
    """Security headers on every answer, a 500 of our own, no foreign host, no websocket."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        policy: Callable[[], str],
        allowed_hosts: Sequence[str] | None,
    ) -> None:
        self._app = app
        self._policy = policy
        self._hosts = frozenset(allowed_hosts) if allowed_hosts is not None else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def dressed(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                self._dress(MutableHeaders(scope=message), scope)
            await send(message)

        if self._hosts is not None and _host(Headers(scope=scope)) not in self._hosts:
            refused = JSONResponse({"error": "this host name is not served here"}, 421)
            await refused(scope, receive, dressed)
            return
        try:
            await self._app(scope, receive, dressed)
        except Exception:
            incident = secrets.token_hex(4)
            _log.exception("request failed, incident %s", incident)
            if begun:
                raise
            failed = JSONResponse({"error": "internal error", "incident": incident}, 500)
            await failed(scope, receive, dressed)

    def _dress(self, headers: MutableHeaders, scope: Scope) -> None:
        for name, value in _HEADERS.items():
            headers.setdefault(name, value)
        headers.setdefault("Content-Security-Policy", self._policy())
        headers.setdefault("Cache-Control", "no-store")
        if scope.get("scheme") == "https":
            headers.setdefault("Strict-Transport-Security", "max-age=31536000")


def _host(headers: Headers) -> str:
    return urlsplit(f"//{headers.get('host', '')}").hostname or ""


class OriginGuard:
    """Refuses what another site's page sends (403) and bodies that are too large (413)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in _SAFE_METHODS:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if is_cross_origin(scope["method"], headers):
            refused = JSONResponse({"error": "cross-origin request refused"}, 403)
            await refused(scope, receive, send)
            return
        limit = _API_BODY if scope["path"].startswith(("/api/", "/v1/")) else _PAGE_BODY
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > limit:
            await _too_large(limit)(scope, receive, send)
            return
        await self._counted(scope, receive, send, limit)

    async def _counted(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        """A body without a length is counted as it comes."""
        read, begun = 0, False

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > limit:
                raise _BodyTooLargeError
            return message

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, counted, watched)
        except _BodyTooLargeError:
            if not begun:
                await _too_large(limit)(scope, receive, send)


class _BodyTooLargeError(Exception):
    """The body passed the limit while it was read."""


def _too_large(limit: int) -> JSONResponse:
    return JSONResponse({"error": f"a body here is at most {limit:,} bytes"}, 413)


class CallbackShape:
    """Answers 400 to a callback body that Dash would fail on with a 500."""

    def __init__(self, app: ASGIApp, *, dash_app: Dash) -> None:
        self._app = app
        self._dash = dash_app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != CALLBACK_PATH:
            await self._app(scope, receive, send)
            return
        body = await _body(receive)
        if scope["method"] == "POST" and not self._fits(body):
            refused = JSONResponse({"error": "not a callback of this application"}, 400)
            await refused(scope, receive, send)
            return
        await self._app(scope, _replayed(body, receive), send)

    def _fits(self, body: bytes) -> bool:
        try:
            asked = orjson.loads(body)
        except orjson.JSONDecodeError:
            return False
        if not isinstance(asked, dict):
            return False
        given = cast("dict[str, Any]", asked)
        if not isinstance(given.get("output"), str):
            return False
        known = cast(
            "dict[str, dict[str, Any]]",
            self._dash.callback_map,  # pyright: ignore[reportUnknownMemberType]
        )
        callback = known.get(given["output"], {})
        return (
            "callback" in callback
            and "outputs" in given
            and isinstance(given.get("changedPropIds", []), list)
            and _same_ids(given.get("inputs"), callback.get("inputs", []))
            and _same_ids(given.get("state", []), callback.get("state", []))
        )


def _same_ids(given: Any, wanted: Sequence[dict[str, str]]) -> bool:
    """Dash pairs values with arguments by position alone."""
    if not isinstance(given, list):
        return False
    items = cast("list[Any]", given)
    return len(items) == len(wanted) and all(map(_same_id, items, wanted))


def _same_id(one: Any, wanted: dict[str, str]) -> bool:
    if not isinstance(one, dict):
        return False
    given = cast("dict[str, Any]", one)
    return given.get("id") == wanted["id"] and given.get("property") == wanted["property"]


async def _body(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(chunks)


def _replayed(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def replay() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
