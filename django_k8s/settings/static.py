"""Where static files and uploads are, and under which URLs they are served."""

from __future__ import annotations

from django_k8s.environment.env import Env


def static(env: Env, url: str = "/static/") -> tuple[str, str]:
    """Return STATIC_URL and STATIC_ROOT.

    ``url`` is the path below which the project serves static files. STATIC_CDN_URL puts a CDN in front of
    it: links in pages point to the CDN, which fetches each file from the site once. The root is the variable
    STATIC_ROOT, by default ``staticfiles`` in the project's directory.
    """
    cdn = env.str("STATIC_CDN_URL").rstrip("/")
    # Django adds the prefix of the script to a relative path, which a CDN does not have.
    return (f"{cdn}/{url.lstrip('/')}" if cdn else url), env.str(
        "STATIC_ROOT", str(env.base_dir / "staticfiles")
    )


def media(env: Env, url: str = "/media/") -> tuple[str, str]:
    """Return MEDIA_URL and MEDIA_ROOT, for uploads that are stored on this machine or on a volume.

    ``url`` is the path below which the project serves them. The root is the variable MEDIA_ROOT, by default
    ``media`` in the project's directory. Uploads in a bucket have the bucket's own URLs (see ``media_storage``).
    """
    return url, env.str("MEDIA_ROOT", str(env.base_dir / "media"))
