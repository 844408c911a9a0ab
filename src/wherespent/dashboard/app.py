"""Puts the pages together: `create_app` gives a Dash application on our own FastAPI server."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# Dash leaves these of its names untyped.

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from dash import Dash
from dash.backends._fastapi import reset_current_request, set_current_request
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Match

from wherespent.dashboard import saved_view_callbacks, shell_callbacks
from wherespent.dashboard.answers import Answers
from wherespent.dashboard.callbacks import show_trouble
from wherespent.dashboard.desk import DashboardOptions, Desk
from wherespent.dashboard.first_view import PATIENCE_SECONDS, FirstView
from wherespent.dashboard.pages import (
    costs,
    entity,
    explore,
    health,
    live,
    model,
    models,
    overview,
    people,
    tokens,
)
from wherespent.dashboard.routes import by_path
from wherespent.dashboard.whole_bundle import add_whole_bundle
from wherespent.storage.engine import Database
from wherespent.storage.refresh import request_refresh

PAGES = (overview, explore, costs, tokens, models, model, people, entity, live, health)
ASSETS = Path(__file__).parent / "assets"

# Run before the first paint, so that a dark page never flashes white. Mantine keeps the choice.
_THEME_SCRIPT = """(function () {
  var chosen = null;
  try { chosen = localStorage.getItem("mantine-color-scheme-value"); } catch (refused) {}
  if (chosen !== "dark" && chosen !== "light") {
    chosen = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }
  document.documentElement.setAttribute("data-mantine-color-scheme", chosen);
})();"""

INDEX = (
    """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{%title%}</title>
<link rel="icon" type="image/svg+xml" href="/assets/favicon.svg">
<link rel="preload" href="/assets/inter-latin-wght-normal.woff2" as="font"
 type="font/woff2" crossorigin>
<script>"""
    + _THEME_SCRIPT
    + """</script>
<link rel="preload" href="/_dash-layout" as="fetch" crossorigin>
<link rel="preload" href="/_dash-dependencies" as="fetch" crossorigin>
{%css%}
</head>
<body>
{%app_entry%}
<footer>{%config%}{%scripts%}{%renderer%}</footer>
</body>
</html>"""
)


# A component that Dash sends everywhere and that is not used here.
_UNUSED_SCRIPT = "/dash_table/"
# Dash would ask for it only when the first chart is there.
_CHART_SCRIPT = '<script src="/_dash-component-suites/dash/dcc/async-graph.js"></script>'


class Site(Dash):
    """Dash with the scripts that its pages need, and no others."""

    def interpolate_index(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, **parts: str
    ) -> str:
        wanted = [line for line in parts["scripts"].splitlines() if _UNUSED_SCRIPT not in line]
        parts["scripts"] = "\n".join([*wanted, _CHART_SCRIPT])
        return super().interpolate_index(**parts)

    def _config(self) -> dict[str, Any]:
        """Without its websocket, which no callback uses and every page would try to open."""
        config = cast("dict[str, Any]", super()._config())
        config.pop("websocket", None)
        return config


def create_app(
    *,
    server: FastAPI,
    database: Database,
    clock: Callable[[], datetime],
    options: DashboardOptions,
    patience: float = PATIENCE_SECONDS,
) -> Dash:
    """The dashboard on `server`. Any number of applications can live in one process.

    A page comes with its first answers when they are there within `patience` seconds.
    """
    add_whole_bundle(server)
    app = Site(
        "wherespent",
        server=server,  # pyright: ignore[reportArgumentType]  (FastAPI since 4.1)
        assets_folder=str(ASSETS),
        assets_ignore=r"^login\.css$",
        pages_folder="",
        index_string=INDEX,
        title="wherespent",
        update_title="",
        on_error=show_trouble,
        suppress_callback_exceptions=True,
        compress=False,
    )
    desk = Desk(Answers(database), clock, options)
    choices = {name: choice for page in PAGES for name, choice in page.CHOICES.items()}
    pages = by_path(PAGES)
    first = FirstView(desk, pages, choices, patience=patience)
    app.layout = lambda: first.layout(_looked_at(app))
    shell_callbacks.register(app, desk, pages, choices, lambda: request_refresh(database, clock()))
    saved_view_callbacks.register(app, desk)
    for page in PAGES:
        page.register(app, desk)
    # Dash does this with the first request for "/": a first visit to another page had no style.
    app._setup_server()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    _add_page_routes(server, app)
    return app


def _looked_at(app: Dash) -> str | None:
    """The page that asks for the layout, by the Referer that our own policy makes it send."""
    try:
        headers = cast("Mapping[str, str]", app.backend.request_adapter().headers)
    except RuntimeError:
        return None  # not a request: Dash looks at the layout once when it starts
    referer = headers.get("referer", "")
    # Compared as text: what cannot be read as a URL is no page of ours.
    ours = tuple(f"{scheme}://{headers.get('host')}/" for scheme in ("http", "https"))
    return referer if referer.startswith(ours) else None


def _add_page_routes(server: FastAPI, app: Dash) -> None:
    """Dash's own catch-all comes with the lifespan, and only for the newest application."""

    def index(request: Request, status: int = 200) -> HTMLResponse:
        token = set_current_request(request)
        try:
            return HTMLResponse(app.index(), status)
        finally:
            reset_current_request(token)

    async def page_of(request: Request) -> HTMLResponse:
        return index(request)

    for path in by_path(PAGES):
        if path != "/":
            # What a page below a prefix is about may hold anything, a slash as well.
            route = f"{path}{{subject:path}}" if path.endswith("/") else path
            server.add_api_route(route, page_of, methods=["GET"], include_in_schema=False)

    async def known_or_404(
        request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        """Dash would answer 200; what is below "/_" and "/assets" it refuses itself."""
        path = request.url.path
        own = request.method != "GET" or path.startswith(("/_", "/assets/"))
        if own or any(_serves(route, request) for route in server.routes):
            return await call_next(request)
        return index(request, 404)

    server.middleware("http")(known_or_404)


def _serves(route: BaseRoute, request: Request) -> bool:
    catches_all = getattr(route, "path", "").lstrip("/").startswith("{")
    return not catches_all and route.matches(request.scope)[0] is not Match.NONE
