"""The same small application behind our set-up and behind three others."""
