"""Every callback that a page draws itself with, found in the application and not in a list.

What Dash tells the browser about its callbacks, and the layout of a page, say which of them run
when the question of the page changes, and what the browser would send them.
"""

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from wherespent.dashboard import shell
from wherespent.dashboard.app import PAGES
from wherespent.dashboard.routes import by_path

# What the pages of one thing are about, by the first part of their path.
SUBJECTS = {
    "/projects/": "proj_3",
    "/users/": "user_3",
    "/keys/": "key_3",
    "/models/": "gpt-3",
    "/service-accounts/": "user_3",
}
UPDATE = "/_dash-update-component"


@dataclass
class Callback:
    """One callback of one view: what the browser sends, how long the answers took."""

    path: str
    query: str
    output: str
    body: str
    seconds: list[float] = field(default_factory=list)
    statements: list[tuple[str, Any]] = field(default_factory=list)
    sql_seconds: float = 0.0
    size: int = 0

    @property
    def view(self) -> str:
        return f"{self.path}?{self.query}"


def paths() -> Iterator[str]:
    """Of every page; those below a prefix stand for all that the page can be about."""
    for path in by_path(PAGES):
        is_prefix = path.endswith("/") and path != "/"
        yield f"{path}{SUBJECTS[path]}" if is_prefix else path


def client_of(url: str) -> httpx.Client:
    headers = {"Content-Type": "application/json", "Origin": url}
    return httpx.Client(base_url=url, headers=headers, timeout=120)


def callbacks_of(client: httpx.Client, path: str, query: str) -> list[Callback]:
    """What a view asks for when its question is new, in the order of the application."""
    search = f"?{query}"
    known = {
        f"{shell.ASK}.data": {"view": search, "version": 0, "path": path},
        f"{shell.PLACE}.data": path,
        f"{shell.VIEW}.data": search,
        f"{shell.URL}.search": search,
        f"{shell.URL}.pathname": path,
    }
    dependencies = [it for it in client.get("/_dash-dependencies").json() if _is_ours(it)]
    router = next(it for it in dependencies if it["output"] == f"{shell.PAGE}.children")
    body = _body(router, known, f"{shell.PLACE}.data")
    page = client.post(UPDATE, content=body).raise_for_status().json()
    known |= dict(_properties(page["response"][shell.PAGE]["children"]))
    there = {name.rpartition(".")[0] for name in known}
    asking = [
        it
        for it in dependencies
        if any(_name(given) == f"{shell.ASK}.data" for given in it["inputs"])
        and all(place in there for place, _ in _outputs(it))
    ]
    bodies = [(it["output"], _body(it, known, f"{shell.ASK}.data")) for it in asking]
    return [
        Callback(path, query, output, body) for output, body in [(router["output"], body), *bodies]
    ]


def undriven(client: httpx.Client, driven: Iterable[Callback]) -> list[str]:
    """Callbacks that follow the question of a page and are on none of those pages."""
    known = {callback.output for callback in driven}
    return [
        it["output"]
        for it in client.get("/_dash-dependencies").json()
        if _is_ours(it)
        and any(_name(given) == f"{shell.ASK}.data" for given in it["inputs"])
        and it["output"] not in known
    ]


def send(client: httpx.Client, callback: Callback) -> float:
    """Seconds until the whole answer is there. Raises where the callback fails."""
    started = time.perf_counter()
    answer = client.post(UPDATE, content=callback.body).raise_for_status()
    callback.size = max(callback.size, len(answer.content))
    return time.perf_counter() - started


def _is_ours(dependency: dict[str, Any]) -> bool:
    """Answered by the server; patterns of ids belong to what is clicked in a page."""
    return not dependency["clientside_function"] and "{" not in dependency["output"]


def _name(given: dict[str, str]) -> str:
    return f"{given['id']}.{given['property']}"


def _outputs(dependency: dict[str, Any]) -> list[tuple[str, str]]:
    whole = dependency["output"]
    names = whole[2:-2].split("...") if whole.startswith("..") else [whole]
    parts = (name.split("@")[0].rpartition(".") for name in names)
    return [(place, name) for place, _, name in parts]


def _body(dependency: dict[str, Any], known: dict[str, Any], changed: str) -> str:
    outputs = [{"id": place, "property": name} for place, name in _outputs(dependency)]
    many = dependency["output"].startswith("..")

    def filled(given: Iterable[dict[str, str]]) -> list[dict[str, Any]]:
        return [
            {"id": it["id"], "property": it["property"], "value": known.get(_name(it))}
            for it in given
        ]

    return json.dumps(
        {
            "output": dependency["output"],
            "outputs": outputs if many else outputs[0],
            "inputs": filled(dependency["inputs"]),
            "changedPropIds": [changed],
            "parsedChangedPropsIds": [changed.rpartition(".")[0]],
            "state": filled(dependency["state"]),
        }
    )


def _properties(layout: Any) -> Iterator[tuple[str, Any]]:
    """Every property of everything that has an id, by "id.property"."""
    waiting = [layout]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting += part
        elif isinstance(part, dict):
            properties = part.get("props", {})
            if isinstance(name := properties.get("id"), str):
                yield f"{name}.id", name
                yield from ((f"{name}.{key}", it) for key, it in properties.items())
            waiting += [it for it in properties.values() if isinstance(it, dict | list)]
