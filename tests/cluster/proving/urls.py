"""Pages that read and write the database, beside the board."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from proving.models import Effect
from proving.tasks import work


def page(request: HttpRequest) -> HttpResponse:
    """Reads the database."""
    return HttpResponse(f"{Effect.objects.order_by('-pk').values_list('pk', flat=True).first()}")


@csrf_exempt
def write(request: HttpRequest) -> HttpResponse:
    """Writes to it."""
    Effect.objects.create(number=-1)
    return HttpResponse("written", status=201)


def plain(request: HttpRequest) -> HttpResponse:
    """Needs nothing."""
    secure = "https" if request.is_secure() else "http"
    return HttpResponse(f"{secure} {request.META['REMOTE_ADDR']}")


def fail(request: HttpRequest) -> HttpResponse:
    """Raises, with more than the kubelet puts into one line."""
    raise RuntimeError("broken on purpose " + "x" * 20_000)


def send(request: HttpRequest) -> HttpResponse:
    """Hands a task to a worker."""
    work.delay(-2, 0.0)
    return HttpResponse("sent")


urlpatterns = [
    path("fail", fail),
    path("send", send),
    path("", page),
    path("write", write),
    path("plain", plain),
    path("board/", include("board.urls")),
    path("admin/", admin.site.urls),
]
