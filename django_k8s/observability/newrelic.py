"""Calls to New Relic's agent. Without the agent, they import nothing and have no effect."""

from __future__ import annotations

import contextlib
import sys
from typing import Any


def _agent() -> Any:
    """Return the agent's interface, or None unless newrelic-admin has started the agent."""
    if "newrelic.config" not in sys.modules:
        return None
    import newrelic.agent

    return newrelic.agent


def ignore() -> None:
    """Ignore the current transaction. This is for probes, which are not traffic."""
    if agent := _agent():
        agent.ignore_transaction()


def linking() -> dict[str, str]:
    """Return the current trace_id and span_id, and the names with which New Relic links log lines."""
    agent = _agent()
    found: dict[str, str] = agent.get_linking_metadata() if agent else {}
    if "trace.id" not in found:
        return {}
    return {"trace_id": found["trace.id"], "span_id": found["span.id"], **found}


def transaction(name: str, group: str) -> contextlib.AbstractContextManager[Any]:
    """Return a context manager for a background transaction, for work that the agent does not recognize by itself."""
    agent = _agent()
    if agent is None:
        return contextlib.nullcontext()
    found: contextlib.AbstractContextManager[Any] = agent.BackgroundTask(
        agent.register_application(timeout=0), name=name, group=group
    )
    return found
