"""The directories and URLs of static files and uploads."""

from __future__ import annotations

from django_k8s.environment.env import Env


def static(env: Env, url: str = "/static/") -> tuple[str, str]:
    """Return STATIC_URL and STATIC_ROOT.

    ``url`` is the path below which the project serves static files. If STATIC_CDN_URL is set, links in pages point to this
    CDN, which fetches each file from the site once. STATIC_ROOT comes from the variable with this name. By default it is
    ``staticfiles`` in the project's directory.
    """
    cdn = env.str("STATIC_CDN_URL").rstrip("/")
    # Django would add the script name to a relative path, which a CDN does not have.
    return (f"{cdn}/{url.lstrip('/')}" if cdn else url), env.str(
        "STATIC_ROOT", str(env.base_dir / "staticfiles")
    )


def media(env: Env, url: str = "/media/") -> tuple[str, str]:
    """Return MEDIA_URL and MEDIA_ROOT, for uploads on this machine or on a volume.

    ``url`` is the path below which the project serves them. MEDIA_ROOT comes from the variable with this name. By default
    it is ``media`` in the project's directory. Uploads in a bucket have the bucket's own URLs (see ``media_storage``).
    """
    return url, env.str("MEDIA_ROOT", str(env.base_dir / "media"))
