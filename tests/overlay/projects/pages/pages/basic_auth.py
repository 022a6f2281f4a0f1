"""A site that is not public yet."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


class BasicAuthMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(status=401)
