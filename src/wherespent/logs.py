"""Logging: one line per event, for people or for machines, with secrets cut out last."""

import logging
import re
import sys
from collections.abc import Iterable
from typing import Any

import structlog
from pydantic import SecretStr

_KEY = re.compile(r"\b(sk|sess)-[A-Za-z0-9_\-]{6,}")
_QUIET = ("httpx", "httpcore", "apscheduler", "alembic", "uvicorn.access", "uvicorn.error")


class Redaction:
    """The last step before a line is written: no key and no known secret survives it."""

    def __init__(self, secrets: Iterable[SecretStr | None]) -> None:
        values = (secret.get_secret_value() for secret in secrets if secret is not None)
        self._secrets = sorted((value for value in values if len(value) >= 4), key=len)[::-1]

    def __call__(self, _logger: Any, _method: str, line: str) -> str:
        for secret in self._secrets:
            line = line.replace(secret, "…")
        return _KEY.sub(r"\1-…", line)


def configure_logs(
    level: str = "INFO", style: str = "console", secrets: Iterable[SecretStr | None] = ()
) -> None:
    """Send our events and those of libraries to standard error, redacted."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: list[Any] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if style == "json"
        # Its default shows local variables where rich is installed, and wraps them: the key
        # of a request would be among them, in pieces that no redaction recognizes.
        else [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            )
        ]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    redaction: Any = Redaction(secrets)
    remove_meta: Any = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[remove_meta, *renderer, redaction],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
