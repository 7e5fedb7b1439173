"""Pratique: bills of health for the open source an organisation consumes."""

__version__ = "0.1.0"
