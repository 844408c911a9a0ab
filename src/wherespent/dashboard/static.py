"""Scripts, styles and fonts: compressed once, kept in memory, cached long by the browser."""

import asyncio
import gzip
import hashlib
from collections import defaultdict
from dataclasses import dataclass

import anyio
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PREFIXES = ("/_dash-component-suites/", "/assets/")
_COMPRESSED = ("text/", "application/javascript", "application/json", "image/svg+xml")
_MOST_KEPT = 200
_YEAR = "public, max-age=31536000, immutable"
_WEEK = "public, max-age=604800"


@dataclass(frozen=True, slots=True)
class Kept:
    plain: bytes
    packed: bytes | None
    media_type: str
    etag: str
    fingerprinted: bool


class CompressedStatic:
    """Dash gzips on the event loop with every download; here it is once, in a thread."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._kept: dict[str, Kept] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] != "http"
            or scope["method"] not in ("GET", "HEAD")
            or not scope["path"].startswith(PREFIXES)
        ):
            await self._app(scope, receive, send)
            return
        kept = self._kept.get(scope["path"])
        if kept is None:
            async with self._locks[scope["path"]]:
                kept = self._kept.get(scope["path"]) or await self._load(scope, receive)
            self._locks.pop(scope["path"], None)
        if kept is None:
            await self._app(scope, receive, send)
            return
        await _answer(kept, scope)(scope, receive, send)

    async def _load(self, scope: Scope, receive: Receive) -> Kept | None:
        """Ask the application once for the whole file; anything but a 200 is not kept."""
        start: Message = {}
        chunks: list[bytes] = []

        async def collect(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            chunks.append(message.get("body", b""))

        plain_scope: Scope = {**scope, "method": "GET", "headers": []}
        await self._app(plain_scope, receive, collect)
        if start.get("status") != 200 or len(self._kept) >= _MOST_KEPT:
            return None
        plain, headers = b"".join(chunks), Headers(raw=start["headers"])
        media_type = headers.get("content-type", "application/octet-stream")
        packed = None
        if media_type.startswith(_COMPRESSED) and len(plain) > 500:
            packed = await anyio.to_thread.run_sync(gzip.compress, plain, 9)
        kept = Kept(
            plain,
            packed,
            media_type,
            f'"{hashlib.sha256(plain).hexdigest()[:24]}"',
            "max-age=31536000" in headers.get("cache-control", ""),
        )
        self._kept[scope["path"]] = kept
        return kept


def _answer(kept: Kept, scope: Scope) -> Response:
    asked = Headers(scope=scope)
    # Dash names assets with their time of change (?m=…): another file has another URL.
    named = kept.fingerprinted or scope.get("query_string", b"").startswith(b"m=")
    headers = {
        "Cache-Control": _YEAR if named else _WEEK,
        "ETag": kept.etag,
        "Vary": "Accept-Encoding",
    }
    if asked.get("if-none-match") == kept.etag:
        return Response(status_code=304, headers=headers)
    body = kept.plain
    if kept.packed is not None and "gzip" in asked.get("accept-encoding", ""):
        headers["Content-Encoding"], body = "gzip", kept.packed
    return Response(body, headers=headers, media_type=kept.media_type)
