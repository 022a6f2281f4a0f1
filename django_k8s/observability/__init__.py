"""Logs as lines of JSON, request ids, metrics, and the switches of agents."""
