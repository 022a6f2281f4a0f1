"""Adopting any Django project by the toolkit, start to end: ``make adopt PROJECT=DIR``."""
