"""What registries say of a package: its licence, digests, supplier and places.

:func:`pratique.sources.packages.service.describe` is the way in.
"""
