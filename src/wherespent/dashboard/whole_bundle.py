"""The whole bundle of Plotly, for the few charts that the small one of the assets cannot draw.

It is not among the assets, which every page loads: `plotting_on_demand.js` asks for it.
"""

from pathlib import Path

import plotly
from fastapi import FastAPI
from fastapi.responses import FileResponse

ADDRESS = "/assets/plotly-whole.min.js"


def bundle() -> Path:
    """The file, as the Python package of Plotly has it: of the same version as the small one."""
    return Path(plotly.__file__).parent / "package_data" / "plotly.min.js"


def add_whole_bundle(server: FastAPI) -> None:
    """Serve it. Before Dash is there, which would look for it among the assets."""
    file = bundle()

    def whole_bundle() -> FileResponse:
        return FileResponse(file, media_type="application/javascript")

    server.add_api_route(ADDRESS, whole_bundle, methods=["GET"], include_in_schema=False)
