"""Installed trees: what package managers left on a disk."""
