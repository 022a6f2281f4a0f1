"""kombu and Celery: what makes an idle worker wake, and the wait for a message on Redis."""

from __future__ import annotations

from functools import partial

from django_k8s.upstream.name import Name

_REDIS = "kombu.transport.redis"

_rest = partial(Name, used_by="celery.rest")
_wakes = partial(_rest, breaks="the main process of an idle worker wakes more often")
_wait = partial(
    _rest, breaks="the main process of an idle worker wakes every second, or no worker takes a task"
)

NAMES = (
    Name(
        f"{_REDIS}:MultiChannelPoller.maybe_check_brpop_health",
        used_by="celery.silent_broker",
        why="tells releases that notice by themselves when Redis went silent",
        breaks="the older way is used, which asks Redis every five seconds",
        call="",
        since="5.7",
    ),
    _wakes(
        f"{_REDIS}:Transport._binding_expiry_tref",
        why="a timer of one second, replaced by a slower one",
        read_by=f"{_REDIS}:Transport.register_with_event_loop",
        since="5.7",
    ),
    _wakes(
        f"{_REDIS}:MultiChannelPoller.maybe_refresh_binding_expiry",
        why="what that timer calls",
        call="",
        read_by=f"{_REDIS}:Transport.register_with_event_loop",
        since="5.7",
    ),
    _wakes(
        f"{_REDIS}:Transport._subclient_health_tref",
        why="a timer of five seconds, replaced by a slower one",
        read_by=f"{_REDIS}:Transport.register_with_event_loop",
        since="5.7",
    ),
    _wakes(
        f"{_REDIS}:MultiChannelPoller.maybe_check_subclient_health",
        why="what that timer calls",
        call="",
        read_by=f"{_REDIS}:Transport.register_with_event_loop",
    ),
    _wait(
        f"{_REDIS}:Channel._brpop_start",
        why="wrapped, to wait longer in one command",
        call="timeout=",
        read_by=f"{_REDIS}:MultiChannelPoller._register_BRPOP",
    ),
    _wait(
        f"{_REDIS}:Channel.brpop_timeout",
        why="the answer is overdue some time after this",
        since="5.6",
    ),
    _wait(
        f"{_REDIS}:Channel.ResponseError", why="what a server raises that does not tell the id of a client"
    ),
    _wait(
        "*:_sock",
        why="tells a new connection, which has another id",
        read_by=f"{_REDIS}:MultiChannelPoller._register",
    ),
    _rest(
        "celery.worker.state:should_stop",
        why="tells a stop from a lost connection",
        breaks="a stop waits three seconds for a message",
    ),
    _rest(
        "celery.worker.state:should_terminate",
        why="tells a stop from a lost connection",
        breaks="a stop waits three seconds for a message",
    ),
)
