"""The role ``migrate``: one database, one process at a time, and what to tell people when it fails."""
