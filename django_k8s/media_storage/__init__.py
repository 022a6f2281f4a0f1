"""Media in a bucket: each kind of bucket has a module, which needs the extra of its name."""

from __future__ import annotations

from django_k8s.media_storage.unavailable import MediaUnavailable

__all__ = ["MediaUnavailable"]
