"""Storage of uploads."""
