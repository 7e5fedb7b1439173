"""What is here: documents found, read and joined into one inventory.

``take(subject)`` is the way in: a folder, a file, a package URL or standard
input becomes an :class:`~pratique.model.inventory.Inventory`.  A document that
cannot be read costs only itself and is named among the problems.
"""

from pratique.inventory.errors import NothingThereError
from pratique.inventory.paths import PathFinder
from pratique.inventory.service import Options, take

__all__ = ["NothingThereError", "Options", "PathFinder", "take"]
