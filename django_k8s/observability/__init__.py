"""Logs as lines of JSON, one id from the edge to the task, metrics, and the switches of agents."""
