"""Package URLs: the canonical text of a package.

Source: the package-url specification (ECMA-427) and its type definitions.
"""

from __future__ import annotations

import msgspec


class Package(msgspec.Struct, frozen=True, order=True):
    """A package, at every level of its name.

    Build one with :meth:`of` or :meth:`parse`, which normalise by the rules of
    the type; the fields then hold decoded, normalised text.
    """

    type: str
    """Package URL type, lower case: ``pypi``, ``npm``, ``golang``, ``deb`` …"""

    name: str
    version: str = ""
    namespace: str = ""
    """Segments joined by ``/``: ``@babel``, ``org.apache.commons``, ``debian``."""

    qualifiers: tuple[tuple[str, str], ...] = ()
    """Sorted by key, keys lower case."""

    subpath: str = ""

    @classmethod
    def of(
        cls,
        type: str,
        name: str,
        version: str = "",
        *,
        namespace: str = "",
        qualifiers: dict[str, str] | None = None,
        subpath: str = "",
    ) -> Package:
        """Build a package from its parts, normalised by the rules of its type.

        Raises:
            InputError: A part is missing or is not allowed by the type.
        """
        raise NotImplementedError

    @classmethod
    def parse(cls, text: str) -> Package:
        """Read a package URL.

        Raises:
            InputError: The text is not a package URL, or not one of its type's.
        """
        raise NotImplementedError

    def __str__(self) -> str:
        """The canonical package URL."""
        raise NotImplementedError

    @property
    def full_name(self) -> str:
        """The name as the ecosystem's users write it.

        ``@babel/core``, ``org.apache.commons:commons-text``,
        ``github.com/gorilla/mux``; for a Linux distribution the bare name.
        """
        raise NotImplementedError

    def without_version(self) -> Package:
        """The same package at no version, without qualifiers and subpath."""
        return Package(self.type, self.name, "", self.namespace)
