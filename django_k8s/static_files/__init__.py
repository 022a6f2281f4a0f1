"""Static files: how they are stored in an image, and those of the previous release."""
