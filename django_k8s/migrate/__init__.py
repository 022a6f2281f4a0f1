"""The role ``migrate``: migrate in one process at a time, and explain failures."""
