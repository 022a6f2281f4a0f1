"""What New Relic's agent is told, where it runs; without it nothing is imported and nothing happens."""

from __future__ import annotations

import contextlib
import sys
from typing import Any


def _agent() -> Any:
    """The agent's interface, if newrelic-admin has started the agent."""
    if "newrelic.config" not in sys.modules:
        return None
    import newrelic.agent

    return newrelic.agent


def ignore() -> None:
    """Leave the current transaction out: a probe is no request of a person."""
    if agent := _agent():
        agent.ignore_transaction()


def transaction(name: str, group: str) -> contextlib.AbstractContextManager[Any]:
    """A background transaction, for work that the agent does not know by itself."""
    agent = _agent()
    if agent is None:
        return contextlib.nullcontext()
    found: contextlib.AbstractContextManager[Any] = agent.BackgroundTask(
        agent.register_application(timeout=0), name=name, group=group
    )
    return found
