"""What goes wrong with the text of a version."""

from __future__ import annotations

from pratique.model.errors import InputError


class VersionError(InputError):
    """A text that the ordering cannot place: the answer about it is *unknown*, never *clean*."""
