"""Caches that fail softly: see CACHE_FAIL_SOFT."""
