"""Small findings and statements."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from pratique.model.finding import Finding
from pratique.model.inventory import Location
from pratique.model.severity import Severity
from pratique.model.vex import Part, Product, Statement, Status


@pytest.fixture
def now() -> datetime:
    return datetime(2025, 6, 1, tzinfo=UTC)


@pytest.fixture
def make_finding() -> Callable[..., Finding]:
    def make(
        id: str = "CVE-2025-0001", subject: str = "pkg:pypi/alpha@1.0", **more: Any
    ) -> Finding:
        return Finding(
            rule="vulnerable-package",
            id=id,
            fingerprint="0" * 32,
            subject=subject,
            severity=Severity.HIGH,
            title="a defect",
            remedy="upgrade",
            **more,
        )

    return make


@pytest.fixture
def make_statement() -> Callable[..., Statement]:
    def make(
        status: str = "not_affected",
        *products: str | tuple[str, ...],
        day: int | None = 1,
        document: str = "one",
        **more: Any,
    ) -> Statement:
        found = []
        for one in products or ("pkg:pypi/alpha",):
            first, *subs = (one,) if isinstance(one, str) else one
            found.append(
                Product(part=Part.of(first), subcomponents=tuple(Part.of(sub) for sub in subs))
            )
        more.setdefault("vulnerability", "CVE-2025-0001")
        more.setdefault("author", f"author of {document}")
        return Statement(
            products=tuple(found),
            status=Status(status),
            timestamp=datetime(2025, 1, day, tzinfo=UTC) if day else None,
            document=document,
            location=Location(f"{document}.vex.json"),
            place="statements[0]",
            **more,
        )

    return make
