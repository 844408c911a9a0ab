"""Commands in processes that are forked from a warm one: real processes, there in milliseconds.

A process may be told to kill itself at a failpoint: just before or after the n-th call of a
function of ours. What is patched is patched in that process only.
"""

import importlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.faults.forked", "wherespent.cli"])


@dataclass(frozen=True)
class Failpoint:
    """Where a process ends: `place` is MODULE:NAME or MODULE:CLASS.NAME."""

    place: str
    call: int = 1
    after: bool = False

    def __str__(self) -> str:
        name = self.place.split(":")[1]
        return f"{'after' if self.after else 'before'} call {self.call} of {name}"

    def arm(self) -> None:
        module, path = self.place.split(":")
        holder: Any = importlib.import_module(module)
        *classes, name = path.split(".")
        for each in classes:
            holder = getattr(holder, each)
        setattr(holder, name, self._deadly(getattr(holder, name)))

    def _deadly(self, wrapped: Callable[..., Any]) -> Callable[..., Any]:
        calls = 0

        def call(*args: Any, **options: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == self.call and not self.after:
                os.kill(os.getpid(), signal.SIGKILL)
            answer = wrapped(*args, **options)
            if calls == self.call:
                os.kill(os.getpid(), signal.SIGKILL)
            return answer

        return call


class Command:
    """`wherespent ARGUMENTS` in a process of its own; what it says goes to `log`."""

    def __init__(
        self,
        arguments: Sequence[str],
        variables: Mapping[str, str],
        folder: Path,
        failpoint: Failpoint | None = None,
    ) -> None:
        self.log = folder / f"command-{os.urandom(4).hex()}.log"
        self.process: ForkServerProcess = _CONTEXT.Process(
            target=_command, args=(list(arguments), dict(variables), str(self.log), failpoint)
        )
        self.process.start()

    def ended(self, seconds: float = 120) -> int:
        """Its exit code; minus a number when a signal ended it."""
        self.process.join(seconds)
        code = self.process.exitcode
        assert code is not None, f"it goes on and on: {self.said()}"
        self.process.close()
        return code

    def kill(self) -> None:
        self.process.kill()

    def said(self) -> str:
        return self.log.read_text() if self.log.exists() else ""


def _command(
    arguments: list[str], variables: dict[str, str], log: str, failpoint: Failpoint | None
) -> None:
    said = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    os.dup2(said, 1)
    os.dup2(said, 2)
    for name in list(os.environ):
        if name.startswith(("WHERESPENT_", "OPENAI_")):
            del os.environ[name]
    os.environ.update(variables)
    os.chdir(Path(log).parent)
    from wherespent.cli import run

    if failpoint is not None:
        failpoint.arm()
    code = run(arguments)
    sys.stdout.flush()
    os._exit(code)
