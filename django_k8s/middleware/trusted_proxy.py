"""Determine the client's address behind trusted proxies."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponseBase

from django_k8s import conf

# Some proxies also write the client's port: 203.0.113.9:51234, [2001:db8::7]:443.
_WITH_PORT = re.compile(r"\[(?P<six>[^]]+)\](:\d+)?|(?P<four>[\d.]+):\d+")


class TrustedProxyMiddleware:
    """Set REMOTE_ADDR to the client's address from X-Forwarded-For.

    The header is read from its end, which the nearest proxy wrote, up to the first address that is not in
    TRUSTED_PROXIES. Anybody may have written what is before that. If the request does not come from a trusted proxy,
    REMOTE_ADDR is not changed.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        proxies = conf.current().trusted_proxies
        self.trust_all = "*" in proxies
        self.networks = [ipaddress.ip_network(proxy, strict=False) for proxy in proxies if proxy != "*"]
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR")
        if forwarded:
            request.META["REMOTE_ADDR"] = self.client(request.META.get("REMOTE_ADDR", ""), forwarded)
        response: HttpResponseBase | Awaitable[HttpResponseBase] = self.get_response(request)
        return response

    def client(self, peer: str, forwarded: str) -> str:
        """Return the first address that is not a trusted proxy's, starting with ``peer`` and the end of ``forwarded``."""
        address = peer
        for item in reversed(forwarded.split(",")):
            if not self.trusts(address):
                break
            # A scope, as in fe80::1%eth0, is only valid on the machine that wrote it, and may be any text.
            candidate = self._parsed(_without_port(item.strip()))
            if not candidate or getattr(candidate, "scope_id", None) is not None:
                break
            address = str(candidate)
        return address

    def trusts(self, address: str) -> bool:
        """Return whether ``address`` is in TRUSTED_PROXIES."""
        if self.trust_all:
            return True
        parsed = self._parsed(address)
        return parsed is not None and any(parsed in network for network in self.networks)

    @staticmethod
    def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return None
        # A socket for both IPv4 and IPv6 shows 10.0.0.1 as ::ffff:10.0.0.1.
        return getattr(parsed, "ipv4_mapped", None) or parsed


def _without_port(address: str) -> str:
    found = _WITH_PORT.fullmatch(address)
    return (found["six"] or found["four"]) if found else address
