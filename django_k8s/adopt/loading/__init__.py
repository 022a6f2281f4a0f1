"""Load the project's settings in its own interpreter, with dummies for the variables that they need."""
