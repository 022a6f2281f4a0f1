"""The current trace and span, from OpenTelemetry or New Relic, for log lines.

Neither library is imported here. If tracing is on, it is already loaded.
"""

from __future__ import annotations

import sys
from collections import OrderedDict

from django_k8s.observability import newrelic

_REMEMBERED = 1000  # requests; a process serves fewer at a time

_requests: OrderedDict[str, dict[str, str]] = OrderedDict()


def ids() -> dict[str, str]:
    """Return trace_id and span_id for a log line, or an empty dictionary if nothing is traced."""
    return _opentelemetry() or newrelic.linking()


def remember(request_id: str) -> None:
    """Keep the ids for the access log, which is written after the span has ended."""
    found = ids()
    if found:
        _requests[request_id] = found
        while len(_requests) > _REMEMBERED:
            _requests.popitem(last=False)


def recall(request_id: str) -> dict[str, str]:
    """Return the ids that were kept for a request, and forget them."""
    return _requests.pop(request_id, {})


def _opentelemetry() -> dict[str, str]:
    trace = sys.modules.get("opentelemetry.trace")
    if trace is None:
        return {}
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return {}
    return {"trace_id": f"{context.trace_id:032x}", "span_id": f"{context.span_id:016x}"}
