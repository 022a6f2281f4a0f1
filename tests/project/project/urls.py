"""The pages that the tests ask for."""

from django.urls import path

from project import views

urlpatterns = [
    path("", views.page),
    path("write", views.write),
    path("remember", views.remember),
    path("slow", views.slow),
    path("hold", views.hold),
    path("upload", views.upload),
    path("raw", views.raw),
    path("large", views.large),
    path("stream", views.stream),
    path("where", views.where),
    path("spin", views.spin),
    path("fill", views.fill),
    path("sweep", views.sweep),
    path("fail", views.fail),
    path("say", views.say),
    path("send/<int:number>", views.send),
]
