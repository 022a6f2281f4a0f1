"""The project: settings, addresses and the applications that servers load."""
