"""Faces of the program: they discover the rooms and hold no rules."""
