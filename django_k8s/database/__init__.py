"""Database connections outside the pool, and locks that last as long as their connection."""
