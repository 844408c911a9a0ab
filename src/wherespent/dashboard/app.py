"""Puts the pages together: `create_app` gives a Dash application on our own FastAPI server."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# Dash leaves these of its names untyped.

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from dash import Dash
from dash.backends._fastapi import reset_current_request, set_current_request
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

from wherespent.dashboard import shell, shell_callbacks
from wherespent.dashboard.answers import Answers
from wherespent.dashboard.callbacks import show_trouble
from wherespent.dashboard.desk import DashboardOptions, Desk
from wherespent.dashboard.pages import costs, health, overview, tokens
from wherespent.storage.engine import Database
from wherespent.storage.refresh import request_refresh

PAGES = (overview, costs, tokens, health)
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
{%css%}
</head>
<body>
{%app_entry%}
<footer>{%config%}{%scripts%}{%renderer%}</footer>
</body>
</html>"""
)


def create_app(
    *,
    server: FastAPI,
    database: Database,
    clock: Callable[[], datetime],
    options: DashboardOptions,
) -> Dash:
    """The dashboard on `server`. Any number of applications can live in one process."""
    app = Dash(
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
    app.layout = shell.layout(options)
    pages = {page.PATH: page for page in PAGES}
    shell_callbacks.register(app, desk, pages, lambda: request_refresh(database, clock()))
    for page in PAGES:
        page.register(app, desk)
    _add_page_routes(server, app)
    return app


def _add_page_routes(server: FastAPI, app: Dash) -> None:
    """Dash's own catch-all comes with the lifespan, and only for the newest application."""

    async def index(request: Request) -> HTMLResponse:
        token = set_current_request(request)
        try:
            return HTMLResponse(app.index())
        finally:
            reset_current_request(token)

    for page in PAGES:
        if page.PATH != "/":
            server.add_api_route(page.PATH, index, methods=["GET"], include_in_schema=False)
