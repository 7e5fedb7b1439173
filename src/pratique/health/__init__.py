"""Composes the bill of health from inventory, advisories and licences.

``service.check`` runs the whole pipeline once, in memory, without a server.
Nothing is imported here, so that the command line starts quickly.
"""
