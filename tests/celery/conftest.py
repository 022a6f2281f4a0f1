"""Which tests of Celery there are here."""

import importlib.util

# It caps Django below 6.1. `make test-oldest` has a Django that it accepts, and runs them.
collect_ignore = [] if importlib.util.find_spec("django_celery_beat") else ["test_django_celery_beat.py"]
