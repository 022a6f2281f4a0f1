"""A project that stores what it is sent and gives it back: by a link, or through itself."""

from django.core.files.storage import default_storage
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from django_k8s.media_storage import MediaUnavailable


@csrf_exempt
def upload(request: HttpRequest) -> HttpResponse:
    """Store the file; answer with its name and its link, or with what the storage says."""
    file = request.FILES["file"]
    try:
        name = default_storage.save(file.name, file)
    except MediaUnavailable as error:
        return HttpResponse(str(error), status=502)
    return JsonResponse({"name": name, "url": default_storage.url(name)})


def download(request: HttpRequest, name: str) -> HttpResponseBase:
    """The file through this process."""
    return FileResponse(default_storage.open(name))


def plain(request: HttpRequest) -> HttpResponse:
    """A page that has nothing to do with media."""
    return HttpResponse("plain")


urlpatterns = [path("plain", plain), path("upload", upload), path("download/<path:name>", download)]
