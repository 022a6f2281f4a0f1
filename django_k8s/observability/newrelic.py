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


def linking() -> dict[str, str]:
    """Return trace_id and span_id of the current transaction, and what New Relic links log lines by."""
    agent = _agent()
    found: dict[str, str] = agent.get_linking_metadata() if agent else {}
    if "trace.id" not in found:
        return {}
    return {"trace_id": found["trace.id"], "span_id": found["span.id"], **found}


def transaction(name: str, group: str) -> contextlib.AbstractContextManager[Any]:
    """A background transaction, for work that the agent does not know by itself."""
    agent = _agent()
    if agent is None:
        return contextlib.nullcontext()
    found: contextlib.AbstractContextManager[Any] = agent.BackgroundTask(
        agent.register_application(timeout=0), name=name, group=group
    )
    return found
