"""Keys per second of every ordering, and of ``univers`` where it has the same one.

Run ``pytest benchmarks/bench_versions.py --benchmark-group-by=param:name``: the
rows of one group are the same 1,000 versions through each.  A key of ``univers`` is
its version object; some of those put their work off until they are compared,
and so sorting is timed as well.
"""

from __future__ import annotations

import random
from typing import Any

import pytest
from univers import versions as univers

from pratique.versions import orderings

COUNT = 1_000
ORDERINGS = {one.name: one for one in orderings()}

# A plain version and what published ones end in, with how many of a hundred do.
SHAPES: dict[str, tuple[tuple[int, str], ...]] = {
    "semver": ((80, "{}.{}.{}"), (8, "{}.{}.{}-rc.{}"), (8, "{}.{}.{}-beta.{}"),
               (4, "v{}.{}.{}-20240131-abc{}")),
    "pep440": ((70, "{}.{}.{}"), (15, "{}.{}"), (8, "{}.{}.{}rc{}"),
               (4, "{}.{}.{}.post{}"), (3, "{}.{}.{}.dev{}")),
    "maven": ((70, "{}.{}.{}"), (10, "{}.{}.{}.Final"), (10, "{}.{}.{}-M{}"), (10, "{}.{}.{}-jre")),
    "rubygems": ((85, "{}.{}.{}"), (10, "{}.{}.{}.{}"), (5, "{}.{}.{}.rc{}")),
    "nuget": ((80, "{}.{}.{}"), (10, "{}.{}.{}.{}"), (10, "{}.{}.{}-preview.{}")),
    "packagist": ((45, "{}.{}.{}"), (45, "v{}.{}.{}"), (10, "{}.{}.{}-beta{}")),
    "pub": ((90, "{}.{}.{}"), (5, "{}.{}.{}+{}"), (5, "{}.{}.{}-dev.{}")),
    "cran": ((70, "{}.{}.{}"), (30, "{}.{}-{}")),
    "hackage": ((100, "{}.{}.{}.{}"),),
    "opam": ((80, "{}.{}.{}"), (20, "{}.{}.{}~beta{}")),
    "dpkg": ((40, "{}.{}.{}-{}"), (30, "{}.{}.{}+dfsg-{}+deb12u1"),
             (20, "1:{}.{}-{}ubuntu{}"), (10, "{}.{}.{}~rc{}-1")),
    "rpm": ((50, "{}.{}.{}-{}.el9"), (50, "0:{}.{}.{}-{}.el8_6.1")),
    "apk": ((85, "{}.{}.{}-r{}"), (10, "{}.{}_p{}-r{}"), (5, "{}.{}.{}_git20240131-r{}")),
    "root:semver": ((70, "{}.{}.{}-root.io.{}"), (30, "{}.{}.{}+root.io.{}")),
    "root:pep440": ((70, "{}.{}.{}+root.io.{}"), (30, "{}.{}.{}")),
    "root:maven": ((70, "{}.{}.{}.root.io.{}"), (30, "{}.{}.{}.Final")),
    "root:dpkg": ((70, "{}.{}-{}.root.io.{}"), (30, "1:{}.{}-{}+deb12u{}")),
    "root:apk": ((70, "{}.{}.{}-r{}"), (30, "{}.{}.{}+root.io.{}")),
    "echo:semver": ((70, "{}.{}.{}+echo.{}"), (30, "{}.{}.{}")),
}  # fmt: skip

UNIVERS = {
    "semver": univers.SemverVersion,
    "pep440": univers.PypiVersion,
    "maven": univers.MavenVersion,
    "rubygems": univers.RubygemsVersion,
    "nuget": univers.NugetVersion,
    "packagist": univers.ComposerVersion,
    "dpkg": univers.DebianVersion,
    "rpm": univers.RpmVersion,
    "apk": univers.AlpineLinuxVersion,
}


def texts(name: str) -> list[str]:
    pick = random.Random(name)
    weights, shapes = zip(*SHAPES[name], strict=True)
    return [
        shape.format(*(pick.choice((pick.randint(0, 9), pick.randint(0, 40))) for _ in range(4)))
        for shape in pick.choices(shapes, weights, k=COUNT)
    ]


def record(benchmark: Any) -> None:
    if benchmark.stats:
        seconds = benchmark.stats.stats.median / COUNT
        benchmark.extra_info["per_second"] = round(1 / seconds)
        benchmark.extra_info["microseconds_each"] = round(seconds * 1e6, 2)


def test_every_ordering_is_measured() -> None:
    assert set(ORDERINGS) == set(SHAPES)


@pytest.mark.parametrize("name", SHAPES)
def test_key_pratique(benchmark: Any, name: str) -> None:
    key, versions = ORDERINGS[name].key, texts(name)
    benchmark(lambda: [key(text) for text in versions])
    record(benchmark)


@pytest.mark.parametrize("name", UNIVERS)
def test_key_univers(benchmark: Any, name: str) -> None:
    version, versions = UNIVERS[name], readable(name)
    benchmark(lambda: [version(text) for text in versions])
    record(benchmark)


@pytest.mark.parametrize("name", SHAPES)
def test_sort_pratique(benchmark: Any, name: str) -> None:
    key, versions = ORDERINGS[name].key, texts(name)
    benchmark(lambda: sorted(versions, key=key))
    record(benchmark)


@pytest.mark.parametrize("name", UNIVERS)
def test_sort_univers(benchmark: Any, name: str) -> None:
    version, versions = UNIVERS[name], readable(name)
    benchmark(lambda: sorted(map(version, versions)))
    record(benchmark)


def readable(name: str) -> list[str]:
    """Those that ``univers`` takes, made up to the same number."""
    taken = [text for text in texts(name) if UNIVERS[name].is_valid(text)]
    return (taken * COUNT)[:COUNT]
