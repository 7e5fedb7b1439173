"""The central words of Pratique: frozen structs without behaviour of their own.

Every room speaks in these; nothing here imports a room.
"""

from pratique.model.nouns import Artifact, Builder, License, Package, Source, Vulnerability

__all__ = ["Artifact", "Builder", "License", "Package", "Source", "Vulnerability"]
