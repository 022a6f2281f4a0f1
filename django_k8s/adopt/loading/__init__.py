"""Load the project's settings in its own interpreter, with dummies for what they ask for."""
