"""TCP keepalives for every PostgreSQL connection of Django."""

from __future__ import annotations

# With these, a server that has vanished is noticed after 20 to 25 seconds instead of hours.
KEEPALIVES = {
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,  # milliseconds
}
