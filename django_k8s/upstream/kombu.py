"""kombu: what makes an idle worker wake, and what notices a silent Redis."""

from __future__ import annotations

from functools import partial

from django_k8s.upstream.name import Name

_REDIS = "kombu.transport.redis"

_wakes = partial(Name, used_by="celery.rest", breaks="the main process of an idle worker wakes more often")


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
)
