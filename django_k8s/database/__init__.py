"""Database connections outside the pool of requests, and locks that last as long as one."""
