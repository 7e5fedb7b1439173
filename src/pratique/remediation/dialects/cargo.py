"""Cargo: The Cargo Book, *Specifying Dependencies*, and Go's minimal versions."""

from __future__ import annotations

from pratique.remediation.dialects.npm import Npm


class Cargo(Npm):
    """Cargo's requirements: npm's operators joined by commas; a version alone is a caret."""

    ecosystem = "crates.io"

    def matches(self, requirement: str, version: str) -> bool:
        """Whether every comma-separated comparator takes a version."""
        parts = [part.strip() for part in requirement.split(",")]
        return super().matches(
            " ".join(f"^{part}" if part[:1].isdigit() else part for part in parts), version
        )

    def pinned(self, requirement: str, version: str) -> str:
        """In the style of the requirement; ranges begin at the version and end as before."""
        text = requirement.strip()
        for operator in ("=", "~", "^"):
            if text.startswith(operator):
                return f"{operator}{version}"
        if text.startswith(">"):
            upper = [part for part in text.split(",") if part.strip().startswith("<")]
            keep = upper and self.matches(upper[0].strip(), version)
            return f">={version},{upper[0]}" if keep else f">={version}"
        return version


class Golang(Cargo):
    """Go's requirements: the lowest version that will do, of one major version."""

    ecosystem = "Go"

    def matches(self, requirement: str, version: str) -> bool:
        """Whether a version is the one required or later."""
        return self.key(version) >= self.key(requirement)

    def pinned(self, requirement: str, version: str) -> str:  # noqa: ARG002
        """The version with its ``v``."""
        return version if version.startswith("v") else f"v{version}"
