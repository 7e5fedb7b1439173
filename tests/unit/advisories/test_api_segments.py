"""What a server remembers between versions is what the index says of each."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from pratique.advisories.served import open_served
from pratique.model.advisory import Query

Record = Callable[..., dict[str, Any]]
ECOSYSTEMS = ("PyPI", "npm", "Debian:12", "Alpine:v3.18", "Ubuntu:22.04:LTS", "GitHub Actions")


def made(draw: random.Random, number: int, record: Record) -> dict[str, Any]:
    def version() -> str:
        text = f"{draw.randint(0, 3)}.{draw.randint(0, 3)}.{draw.randint(0, 3)}"
        return text + draw.choice(["", "", "", "-1", "rc1", "!"])

    events = []
    for _ in range(draw.randint(1, 3)):
        events += [{"introduced": draw.choice(["0", version()])}]
        events += [{draw.choice(["fixed", "last_affected", "limit"]): version()}]
    if draw.random() < 0.2:
        events = [{"introduced": "0"}]
    return record(
        f"A-{number:03}",
        draw.choice(ECOSYSTEMS),
        draw.choice(["alpha", "beta"]),
        *events,
        type=draw.choice(["SEMVER", "ECOSYSTEM"]),
        versions=[version() for _ in range(draw.randint(0, 4))],
        aliases=[f"C-{number % 7}"] if draw.random() < 0.3 else [],
    )


@pytest.mark.parametrize("seed", range(2))
def test_segments_are_the_index(make_index: Callable[..., Any], record: Record, seed: int) -> None:
    """Ids of records, and whether more may be true, of every version asked twice."""
    draw = random.Random(seed)
    index = make_index(*(made(draw, number, record) for number in range(120)))
    served = open_served(index.folder)
    ecosystems = [*ECOSYSTEMS, "Debian", "Alpine", "Ubuntu", "Ubuntu:22.04", "Hex"]
    asked = [
        Query(ecosystem=ecosystem, name=name, version=f"{a}.{b}.{c}{more}")
        for ecosystem in ecosystems
        for name in ("alpha", "beta", "none")
        for a in range(4)
        for b in range(4)
        for c in range(4)
        for more in ("", "-1", "rc1", "!")
    ]
    hits = 0
    for query, answer in zip(asked, index.match(asked), strict=True):
        wanted = sorted(each.id for match in answer.matches for each in match.advisories)
        for _ in range(2):
            found = served.find(query)
            assert [served.identifier(number) for number in found.numbers] == wanted, query
            assert found.incomplete == (answer.unknown is not None), query
        hits += bool(wanted)
    assert hits > 1000
    served.close()
