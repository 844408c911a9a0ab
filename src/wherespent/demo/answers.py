"""Which answer a request gets: the key is checked, the path routed, a fault put into words."""

from collections.abc import Mapping
from email.utils import formatdate
from typing import Any

from wherespent.demo.faults import Answer
from wherespent.demo.lists import list_answer
from wherespent.demo.query import ApiError
from wherespent.demo.quirks import Quirks
from wherespent.demo.source import Organization
from wherespent.demo.streams import STREAMS
from wherespent.demo.wire import bucket_page, encode

USAGE_SCOPE = "api.usage.read"
MANAGEMENT_SCOPE = "api.management.read"
Params = Mapping[str, list[str]]
Json = dict[str, Any]
HTML = {"Content-Type": "text/html; charset=utf-8"}


def authorize(quirks: Quirks, header: str | None, scope: str) -> None:
    """Refuse a missing, unknown, revoked or insufficient key."""
    key = (header or "").removeprefix("Bearer ").strip()
    if not header or not header.startswith("Bearer ") or not key:
        raise ApiError(401, "You didn't provide an API key.", code="invalid_api_key")
    known = (
        key in quirks.valid_keys if quirks.valid_keys is not None else key.startswith("sk-admin-")
    )
    if key in quirks.revoked_keys or not (known or key.startswith("sk-proj-")):
        raise ApiError(
            401, f"Incorrect API key provided: {key[:9]}****{key[-4:]}.", code="invalid_api_key"
        )
    if not known or scope not in quirks.key_scopes.get(key, frozenset({scope})):
        message = (
            f"You have insufficient permissions for this operation. Missing scopes: {scope}. "
            "Check that you have the correct role in your organization, and if you are using "
            "a restricted API key, that it has the necessary scopes."
        )
        raise ApiError(quirks.missing_scope_status, message, code="missing_scope")


def answer(
    organization: Organization, path: str, params: Params, authorization: str | None
) -> Json:
    """The body for a path, or an ApiError."""
    parts = path.strip("/").split("/")
    if parts[:2] != ["v1", "organization"]:
        raise ApiError(404, f"Invalid URL (GET {path})", code="unknown_url")
    parts = parts[2:]
    quirks = organization.quirks
    stream = _stream(parts)
    authorize(quirks, authorization, USAGE_SCOPE if stream else MANAGEMENT_SCOPE)
    if (stream or parts[-1]) in quirks.missing_endpoints:
        raise ApiError(404, f"Invalid URL (GET {path})", code="unknown_url")
    if stream:
        return bucket_page(organization, stream, params)
    return list_answer(organization.directory, parts, params)


def _stream(parts: list[str]) -> str | None:
    if parts == ["costs"]:
        return "costs"
    return parts[1] if len(parts) == 2 and parts[0] == "usage" and parts[1] in STREAMS else None


def body_bytes(reply: Answer) -> bytes:
    """The bytes of an answer's body."""
    if isinstance(reply.body, bytes):
        return reply.body
    return reply.body.encode() if isinstance(reply.body, str) else encode(reply.body)


def failure(fault: str, retry_after: int, now: int) -> Answer:
    """The answer of a fault that has one; `now` in epoch seconds, by the organization's clock."""
    if fault == "wrong_type":
        return Answer(200, "<!doctype html><title>Sign in</title>", HTML)
    if fault == "502_html":
        page = "<html><title>502 Bad Gateway</title><body>cloudflare</body></html>"
        return Answer(502, page, HTML)
    if not fault.startswith("429"):
        message = "The server had an error while processing your request."
        return Answer(int(fault), ApiError(int(fault), message, kind="server_error").body)
    message, kind = "Rate limit reached. Please try again later.", "rate_limit_exceeded"
    when = {
        "429_seconds": str(retry_after),
        "429_date": formatdate(now + retry_after, usegmt=True),
    }
    headers = {"Retry-After": when[fault]} if fault in when else {}
    return Answer(429, ApiError(429, message, kind=kind, code=kind).body, headers)
