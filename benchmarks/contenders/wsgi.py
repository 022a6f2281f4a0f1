"""Prints the CPU time of one request for livez, plain or health-check, in-process."""

from __future__ import annotations

import json
import sys

import plain_site as site
from django.core.wsgi import get_wsgi_application
from django.urls import path

subject = sys.argv[1]
count = 500 if subject == "health-check" else 5000
ours = subject == "livez"
more = {}
if ours:  # the peer's environment does not have it
    from django_k8s.conf import Config

    more["DJANGO_K8S"] = Config()
site.configure(
    [site.HEALTH, site.PROXY, *site.MIDDLEWARE] if ours else site.MIDDLEWARE,
    *(["django_k8s"] if ours else []),
    *(["health_check"] if subject == "health-check" else []),
    **more,
)
application = get_wsgi_application()
if subject == "health-check":
    from health_check.views import HealthCheckView

    site.urlpatterns.append(path("health-check", HealthCheckView.as_view(checks=[])))

site.cost(application, subject, count // 10)
print(json.dumps({"seconds": site.cost(application, subject, count)}))
