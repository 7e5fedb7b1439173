"""The server: the rooms' routes behind one set of limits.

A room gives its routes in its ``api`` module; here are the application, its
description, its limits and the command that runs it.
"""
