"""Media in a bucket. Each kind of bucket has a module, which needs the extra with the same name."""

from __future__ import annotations

from django_k8s.media_storage.unavailable import MediaUnavailable

__all__ = ["MediaUnavailable"]
