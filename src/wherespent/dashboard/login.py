"""One shared login in front of everything that is not on a short list of public paths."""

import hmac
import secrets
import time
from collections import OrderedDict
from hashlib import sha256
from html import escape
from urllib.parse import quote, urlencode

from fastapi import FastAPI, Request
from itsdangerous import BadSignature, TimestampSigner
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

COOKIE = "wherespent_session"
PUBLIC = frozenset(
    {
        "/login",
        "/healthz",
        "/assets/favicon.svg",
        "/assets/login.css",
        "/assets/inter-latin-wght-normal.woff2",
    }
)
_LASTS = 14 * 86_400
_BAD_LOGINS = parse("5 per 5 minutes")
_MOST_ENDED = 10_000


def install_login(server: FastAPI, *, password: str, secret: str) -> None:
    """Ask for `password` everywhere. `install_security` calls this, in its place."""
    gate = Gate(password, secret)
    server.add_api_route("/login", gate.form, methods=["GET"], include_in_schema=False)
    server.add_api_route("/login", gate.log_in, methods=["POST"], include_in_schema=False)
    server.add_api_route("/logout", gate.log_out, methods=["POST"], include_in_schema=False)
    server.add_middleware(LoginRequired, gate=gate)


class Gate:
    """Checks passwords and sessions. Another password ends every session."""

    def __init__(self, password: str, secret: str) -> None:
        self._password = password.encode()
        key = hmac.new(secret.encode(), self._password, sha256).digest()
        self._signer = TimestampSigner(key, salt="wherespent.session")
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._ended: OrderedDict[str, float] = OrderedDict()

    def admits(self, headers: Headers) -> bool:
        return self._session(headers) is not None

    async def form(self, request: Request) -> Response:
        return _page(_local(request.query_params.get("next")))

    async def log_in(self, request: Request) -> Response:
        form = await request.form()
        target = _local(str(form.get("next", "")))
        address = request.client.host if request.client else "unknown"
        if not self._limiter.test(_BAD_LOGINS, address):
            return _page(target, "Too many wrong passwords: try again in 5 minutes.", 429)
        given = str(form.get("password", "")).encode()
        if not hmac.compare_digest(sha256(given).digest(), sha256(self._password).digest()):
            self._limiter.hit(_BAD_LOGINS, address)
            return _page(target, "That is not the password.", 401)
        answer = RedirectResponse(target, 303)
        answer.set_cookie(
            COOKIE,
            self._signer.sign(secrets.token_urlsafe(24)).decode(),
            max_age=_LASTS,
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
        return answer

    async def log_out(self, request: Request) -> Response:
        if session := self._session(request.headers):
            self._ended[session] = time.monotonic()
            while len(self._ended) > _MOST_ENDED:
                self._ended.popitem(last=False)
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(COOKIE)
        return answer

    def _session(self, headers: Headers) -> str | None:
        cookie = cookie_parser(headers.get("cookie", "")).get(COOKIE, "")
        try:
            session = self._signer.unsign(cookie, max_age=_LASTS).decode()
        except BadSignature:
            return None
        return None if session in self._ended else session


class LoginRequired:
    """Lets public paths and sessions through; a person is sent to the form, a program gets 401."""

    def __init__(self, app: ASGIApp, *, gate: Gate) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if scope["type"] == "http" and (scope["path"] in PUBLIC or self._gate.admits(headers)):
            await self._app(scope, receive, send)
            return
        if scope["type"] == "http":
            await self._refusal(scope, headers)(scope, receive, send)

    def _refusal(self, scope: Scope, headers: Headers) -> Response:
        if scope["method"] == "GET" and "text/html" in headers.get("accept", ""):
            asked = scope["path"]
            if query := scope.get("query_string", b"").decode("latin-1"):
                asked += f"?{query}"
            return RedirectResponse("/login?" + urlencode({"next": asked}), 303)
        return JSONResponse({"error": "log in first"}, 401)


def _local(target: str | None) -> str:
    """Only a path of our own: two slashes of any kind lead to another site."""
    if not target or not target.startswith("/") or target[1:2] in ("/", "\\"):
        return "/"
    return quote(target, safe="/?&=%:,+-_.~()")


def _page(target: str, problem: str = "", status: int = 200) -> HTMLResponse:
    alert = f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""
    return HTMLResponse(
        f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Log in · wherespent</title>
<link rel="icon" type="image/svg+xml" href="/assets/favicon.svg">
<link rel="stylesheet" href="/assets/login.css"></head>
<body><main><img src="/assets/favicon.svg" alt="" width="34" height="34">
<h1>wherespent</h1>{alert}
<form method="post" action="/login"><input type="hidden" name="next" value="{escape(target)}">
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password"
 required autofocus>
<button type="submit">Log in</button></form></main></body></html>""",
        status,
    )
