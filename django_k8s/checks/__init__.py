"""Django's system checks of the settings, and their texts."""
