from django.contrib import admin

from board.models import Note, TaskRun


@admin.register(Note)
class NoteAdmin(admin.ModelAdmin):
    list_display = ("title", "status", "created")
    list_filter = ("status",)
    search_fields = ("title", "text")


@admin.register(TaskRun)
class TaskRunAdmin(admin.ModelAdmin):
    list_display = ("name", "subject", "outcome", "host", "started", "seconds", "copies")
    list_filter = ("name", "outcome")
