"""The settings: their names, where they are read from, and the stage they belong to."""
