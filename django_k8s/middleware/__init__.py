"""Middleware; each module works by itself."""
