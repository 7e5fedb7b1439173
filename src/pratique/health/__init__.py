"""Composes the bill of health from inventory, advisories and licences."""
