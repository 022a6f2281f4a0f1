"""The four things that are asked for."""

from django.urls import path
from shop import views

urlpatterns = [
    path("page", views.page),
    path("json", views.as_json),
    path("post", views.post),
    path("hello", views.hello),
]
