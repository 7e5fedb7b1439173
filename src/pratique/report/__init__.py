"""Draws findings and bills of health for people and for machines."""
