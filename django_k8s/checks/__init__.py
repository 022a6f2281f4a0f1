"""The system checks of the settings, and their messages."""
