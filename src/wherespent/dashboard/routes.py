"""Which page a path belongs to, and what it is about."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote


def normal_path(path: str | None) -> str:
    return (path or "/").rstrip("/") or "/"


def by_path(pages: Iterable[Any]) -> dict[str, Any]:
    """Pages by `PATH`; those with `PATHS` ("/projects") also by each with a slash behind it."""
    found: dict[str, Any] = {}
    for page in pages:
        if path := getattr(page, "PATH", ""):
            found[path] = page
        found |= {f"{prefix}/": page for prefix in getattr(page, "PATHS", ())}
    return found


def page_of(pages: Mapping[str, Any], path: str | None) -> Any | None:
    """The page of a path as the browser has it: /projects/proj_1 is of "/projects/"."""
    found = normal_path(path)
    first, _, rest = found[1:].partition("/")
    return pages.get(f"/{first}/") if rest else pages.get(found)


def subject(path: str | None) -> str:
    """What stands behind the first part of a path, decoded; '' where nothing does."""
    return unquote(normal_path(path)[1:].partition("/")[2])


def section(path: str | None) -> str:
    """The first part of a path, with its slash: "/projects" of /projects/proj_1."""
    return "/" + normal_path(path)[1:].partition("/")[0]
