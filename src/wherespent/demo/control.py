"""What the simulator tells about itself, beside the API: what it injected, and the truth.

`GET /control` answers what was injected, `POST /control/clear` ends all faults, and
`GET /control/truth?since=YYYY-MM-DD&until=YYYY-MM-DD` what a client must hold for those UTC days.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from wherespent.demo.faults import Answer
from wherespent.demo.source import Organization
from wherespent.demo.streams import STREAMS

CONTROL = "/control"
CLEAR = f"{CONTROL}/clear"


def controlled(organization: Organization, path: str, params: Mapping[str, list[str]]) -> Answer:
    """The answer to a question of the person who runs the simulator."""
    if path == CONTROL:
        return Answer(200, injected(organization))
    if path == f"{CONTROL}/truth":
        try:
            since, until = (_midnight(params[name][-1]) for name in ("since", "until"))
        except (KeyError, ValueError):
            return Answer(400, {"error": "since and until must be dates: YYYY-MM-DD"})
        return Answer(200, truth(organization, since, until))
    return Answer(404, {"error": f"use {CONTROL}, {CLEAR} (POST) or {CONTROL}/truth"})


def injected(organization: Organization) -> dict[str, Any]:
    """How often each fault befell a request so far, and the share of requests that still fail."""
    faults = organization.faults
    return {"probability": faults.probability, "injected": dict(faults.injected)}


def truth(organization: Organization, since: datetime, until: datetime) -> dict[str, Any]:
    """Billed nano-dollars, and every usage stream's measures summed over `[since, until)`."""
    usage = {
        name: organization.usage_truth(name, since, until).get((), {}) for name in sorted(STREAMS)
    }
    return {
        "cost_nanos": sum(
            organization.cost_truth_nanos(since, until, ()).values(),
        ),
        "usage": usage,
    }


def _midnight(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
