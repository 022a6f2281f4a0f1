"""The detection rules. Each reads files and returns facts."""
