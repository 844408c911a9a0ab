"""Callbacks called as the browser calls them: by HTTP, from what /_dash-dependencies lists."""

from typing import Any

import httpx

ASK = {"view": "", "version": 1}
VALUES: dict[str, Any] = {
    "ask.data": ASK,
    "url.search": "",
    "place.data": "/",
    "view.data": "",
    "range.value": "30d",
    "granularity.value": "auto",
    "visible-tick.data": 0,
}


def server_callbacks(client: httpx.Client) -> list[dict[str, Any]]:
    listed = client.get("/_dash-dependencies").json()
    return [one for one in listed if not one["clientside_function"]]


def find(client: httpx.Client, output: str) -> dict[str, Any]:
    return next(one for one in server_callbacks(client) if output in one["output"])


def call(client: httpx.Client, callback: dict[str, Any], **values: Any) -> httpx.Response:
    known = VALUES | {name.replace("__", "."): value for name, value in values.items()}
    body = {
        "output": callback["output"],
        "outputs": _outputs(callback["output"]),
        "inputs": [_given(one, known) for one in callback["inputs"]],
        "state": [_given(one, known) for one in callback["state"]],
        "changedPropIds": [f"{one['id']}.{one['property']}" for one in callback["inputs"][:1]],
    }
    return client.post("/_dash-update-component", json=body)


def _given(one: dict[str, str], known: dict[str, Any]) -> dict[str, Any]:
    place = {"id": one["id"], "property": one["property"]}
    value = known.get(f"{one['id']}.{one['property']}")
    return place | {"value": value}


def _outputs(text: str) -> Any:
    names = text.strip(".").split("...") if text.startswith("..") else [text]
    pairs = [
        {"id": place, "property": name.split("@")[0]}
        for place, name in (one.rsplit(".", 1) for one in names)
    ]
    return pairs if text.startswith("..") else pairs[0]
