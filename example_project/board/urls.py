"""The board's addresses."""

from django.urls import path

from board import views

app_name = "board"
urlpatterns = [
    path("", views.board, name="board"),
    path("live", views.live, name="live"),
    path("notes", views.write, name="write"),
    path("notes/<int:pk>/retry", views.retry, name="retry"),
    path("notes/<int:pk>/<str:kind>", views.picture, name="picture"),
]
