"""`wherespent serve`: the dashboard and, behind it, the sync."""

import os
import socket
from typing import Annotated, Any

import structlog
import typer
import uvicorn

from wherespent.bootstrap import make_site
from wherespent.cli.options import settings_and_logs
from wherespent.errors import ConfigurationError
from wherespent.settings import Settings, variable

log = structlog.get_logger()

_STOP_SECONDS = 2


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 = any free one.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Server processes; one of them syncs.")] = 1,
) -> None:
    """Start the dashboard and keep its data fresh.

    Needs OPENAI_ADMIN_KEY to read your organization; without it, what is stored stays readable.
    All settings: see .env.example or the documentation.
    """
    settings = settings_and_logs(host=host, port=port)
    settings.check_exposure()
    if workers == 1:
        run_site(settings)
        return
    port = _free_port(settings)
    # What is wrong is told once, here, and not by every worker.
    make_site(settings).database.dispose()
    # Workers are new processes that read the environment themselves.
    os.environ[variable("host")] = settings.host
    os.environ[variable("port")] = str(port)
    _announce(settings.host, port)
    uvicorn.run(
        "wherespent.cli.serve:worker",
        factory=True,
        workers=workers,
        host=settings.host,
        port=port,
        **_SERVER_OPTIONS,
    )


_SERVER_OPTIONS: dict[str, Any] = {
    "log_config": None,
    "access_log": False,
    "server_header": False,
    "timeout_graceful_shutdown": _STOP_SECONDS,
    "timeout_keep_alive": 30,
    "timeout_worker_healthcheck": 30,
    "lifespan": "on",
}


def worker() -> object:
    """One of several server processes, as uvicorn makes it."""
    return make_site(settings_and_logs()).server


def run_site(settings: Settings, *, demo: bool = False) -> None:
    """Serve in this process until SIGTERM or Ctrl-C."""
    site = make_site(settings, demo=demo)
    server = _Announced(
        uvicorn.Config(site.server, host=settings.host, port=settings.port, **_SERVER_OPTIONS)
    )
    server.run()
    if not server.started:
        raise _is_taken(settings)


def _free_port(settings: Settings) -> int:
    """The port that all workers will share; 0 becomes a free one."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        with socket.create_server((settings.host, settings.port), family=family) as listener:
            return listener.getsockname()[1]
    except OSError:
        raise _is_taken(settings) from None


def _is_taken(settings: Settings) -> ConfigurationError:
    return ConfigurationError(
        f"{settings.host}:{settings.port} cannot be listened on: is another program there? "
        "Choose another with --port"
    )


class _Announced(uvicorn.Server):
    """Says where it is once it is there, on standard output, for people and for scripts."""

    async def startup(self, sockets: list[object] | None = None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        await super().startup(sockets)  # pyright: ignore[reportArgumentType]
        if not self.started:
            return
        _announce(self.config.host, self.servers[0].sockets[0].getsockname()[1])


def _announce(host: str, port: int) -> None:
    name = f"[{host}]" if ":" in host else host
    typer.echo(f"wherespent is at http://{name}:{port} (Ctrl-C stops it)")
