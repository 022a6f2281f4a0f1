"""The rules of detection: each reads files, and says what they mean."""
