"""A simulated OpenAI organization over real HTTP, for the demo, tests and benchmarks."""

from wherespent.demo.faults import FAULT_KINDS, Answer, Faults
from wherespent.demo.organization import SimulatedOrganization
from wherespent.demo.quirks import Quirks, Restatement
from wherespent.demo.scripted import ScriptedOrganization
from wherespent.demo.server import LoggedRequest, RunningServer, serve
from wherespent.demo.source import CostRow, Organization, UsageRow

__all__ = [
    "FAULT_KINDS",
    "Answer",
    "CostRow",
    "Faults",
    "LoggedRequest",
    "Organization",
    "Quirks",
    "Restatement",
    "RunningServer",
    "ScriptedOrganization",
    "SimulatedOrganization",
    "UsageRow",
    "serve",
]
