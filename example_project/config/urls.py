"""The project's addresses."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("board.urls")),
    path("admin/", admin.site.urls),
]
