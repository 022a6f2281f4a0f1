"""What only the running project knows. This text is piped into Python in one of its pods, and prints one line of JSON.

It knows nothing of the tests and imports nothing of them: in the pod there is the project alone.
"""

import importlib
import json
import os
import sys
import time
from pathlib import Path


def pages():
    """Where the admin is, and which of its forms take a file: those with the fewest other fields first."""
    import django

    django.setup()
    from django.apps import apps
    from django.urls import NoReverseMatch, reverse

    if not apps.is_installed("django.contrib.admin"):
        return {"admin": "", "forms": []}
    try:
        index = reverse("admin:index")
    except NoReverseMatch:
        return {"admin": "", "forms": []}
    forms = []
    from django.contrib import admin

    for model, model_admin in admin.site._registry.items():
        try:
            found = form(model, model_admin)
        except Exception as error:
            print(f"{model.__name__}: {error!r}", file=sys.stderr)
            continue
        if found:
            forms.append(found)
    forms.sort(key=lambda one: (len(one["fill"]), one["url"]))
    return {"admin": index, "forms": forms[:3]}


def form(model, model_admin):
    """The fields that somebody fills in to add a file by this form of the admin; None if that cannot be done."""
    from django import forms
    from django.contrib.auth import get_user_model
    from django.test import RequestFactory
    from django.urls import reverse

    options = model._meta
    request = RequestFactory().get("/")
    request.user = get_user_model()(is_superuser=True, is_staff=True, is_active=True)
    if not model_admin.has_add_permission(request):
        return None
    fields = model_admin.get_form(request).base_fields
    file = next((name for name, field in fields.items() if isinstance(field, forms.FileField)), "")
    if not file or getattr(options.model, file, None) is None:
        return None
    fill = {}
    for name, field in fields.items():
        if name == file or not field.required or field.initial not in (None, "", []):
            continue
        value = example(field)
        if value is None:
            return None
        fill[name] = value
    name = f"{options.app_label}_{options.model_name}"
    image = isinstance(fields[file], forms.ImageField)
    return {
        "url": reverse(f"admin:{name}_add"),
        "model": options.label,
        "file": file,
        "image": image,
        "fill": fill,
    }


def example(field):
    """A value that a field takes; None if no rule knows one."""
    from django import forms

    if isinstance(field, forms.ModelChoiceField):
        first = None if field.queryset is None else field.queryset.first()
        return None if first is None else str(first.pk)
    if isinstance(field, forms.ChoiceField):
        values = [str(value) for value, _ in field.choices if isinstance(value, (str, int)) and str(value)]
        return values[0] if values else None
    kinds = (
        (forms.EmailField, "adoption@example.org"),
        (forms.URLField, "https://example.org/"),
        (forms.SlugField, "adoption"),
        (forms.SplitDateTimeField, "2030-01-02 03:04:05"),
        (forms.DateTimeField, "2030-01-02 03:04:05"),
        (forms.DateField, "2030-01-02"),
        (forms.TimeField, "03:04:05"),
        (forms.IntegerField, "1"),
        (forms.JSONField, "{}"),
        (forms.CharField, "adoption"),
    )
    return next((value for kind, value in kinds if isinstance(field, kind)), None)


def stored(label, file):
    """Where the file of the newest row is served."""
    import django

    django.setup()
    from django.apps import apps

    row = apps.get_model(label)._default_manager.order_by("-pk").first()
    return {"url": getattr(row, file).url if row else ""}


def task():
    """Send a task that each Celery application has, and wait until a worker has counted it."""
    named = os.environ.get("CELERY_APP", "")
    if ":" not in named:
        return {"worked": False, "said": f"CELERY_APP is {named!r}"}
    module, _, variable = named.partition(":")
    import django

    django.setup()
    app = getattr(importlib.import_module(module), variable)

    def counted():
        answers = app.control.inspect(timeout=2).stats() or {}
        return sum(one.get("total", {}).get("celery.accumulate", 0) for one in answers.values()), len(answers)

    before, workers = counted()
    app.send_task("celery.accumulate", args=[1, 2, 3])
    began = time.monotonic()
    while time.monotonic() - began < 40:
        after, workers = counted()
        if after > before:
            return {"worked": True, "said": f"{workers} worker(s), within {time.monotonic() - began:.0f} s"}
    return {"worked": False, "said": f"no worker has run it within 40 s; {workers} answer"}


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    QUESTIONS = {"pages": pages, "stored": stored, "task": task}
    print("\n" + json.dumps(QUESTIONS[sys.argv[1]](*sys.argv[2:])))
