"""Caches that fail softly. See the variable CACHE_FAIL_SOFT."""
