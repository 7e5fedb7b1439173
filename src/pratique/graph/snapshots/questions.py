"""Questions over a snapshot: how things are distributed, and how they went.

All of them are about *exposure*: which inventories contain what.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.graph.ranges import wanted
from pratique.graph.snapshots import duck
from pratique.graph.snapshots.tables import TABLES
from pratique.model.errors import UsageError
from pratique.model.purl import Package

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pratique.graph.snapshots.duck import Connection

Rows = list[dict[str, Any]]

STEPS = ("day", "week", "month", "year")

MAX_STEPS = 5_000
"""Most rows of an answer over time: thirteen years of days."""

_LATEST = """
WITH latest AS (
  SELECT DISTINCT ON (product, environment) product, environment, bill
  FROM shipments WHERE $product = '' OR product = $product
  ORDER BY product, environment, made DESC, came_in DESC, digest DESC
), numbered AS (
  SELECT DISTINCT dense_rank() OVER (ORDER BY product) AS product, bill FROM latest
), inside AS (
  SELECT numbered.product, occurrences.package
  FROM numbered JOIN occurrences ON occurrences.bill = numbered.bill
)
"""
"""What the newest bills of the products contain, or of one product; goes before the next three."""

_TOP = """
, counted AS (SELECT package, count(DISTINCT product) AS products FROM inside GROUP BY package)
SELECT purl, products FROM counted JOIN packages ON packages.package = counted.package
ORDER BY products DESC, purl LIMIT $limit
"""

_SPREAD = """
, used AS (
  SELECT name, version, count(DISTINCT product) AS products
  FROM inside JOIN packages ON packages.package = inside.package
  WHERE $name = '' OR name = $name
  GROUP BY name, version
)
SELECT name, count(*) AS versions, sum(products)::BIGINT AS uses,
  list({'version': version, 'products': products} ORDER BY products DESC, version)[:20] AS most_used
FROM used GROUP BY name ORDER BY versions DESC, uses DESC, name LIMIT $limit
"""

_LICENCES = """
SELECT coalesce(licence, '') AS licence, count(DISTINCT inside.package) AS packages,
  count(DISTINCT product) AS products
FROM inside LEFT JOIN licences ON licences.package = inside.package
GROUP BY ALL ORDER BY packages DESC, licence LIMIT $limit
"""

_OVER_TIME = """
WITH line AS (
  SELECT product, bill, made, lead(made) OVER (
    PARTITION BY product, environment ORDER BY made, came_in, digest
  ) AS until
  FROM shipments WHERE $product = '' OR product = $product
), held AS (
  SELECT DISTINCT bill FROM occurrences WHERE package IN (SELECT package FROM asked)
), steps AS (
  SELECT begins, begins + $step::INTERVAL AS ends
  FROM (SELECT unnest(generate_series(
    date_trunc($by, (SELECT min(made) FROM line)), $upto::TIMESTAMP, $step::INTERVAL
  )) AS begins)
)
SELECT strftime(begins, '%Y-%m-%d') AS begins,
  count(DISTINCT product) FILTER (bill IN (SELECT bill FROM held)) AS exposed,
  count(DISTINCT product) AS products
FROM steps LEFT JOIN line
  ON line.made < steps.ends AND coalesce(line.until, 'infinity'::TIMESTAMP) > steps.begins
GROUP BY begins ORDER BY begins
"""


def top_packages(folder: Path, *, product: str = "", limit: int = 20) -> Rows:
    """The packages in the newest bills of most products."""
    return _asked(folder, _LATEST + _TOP, {"product": product, "limit": limit})


def version_spread(folder: Path, name: str = "", *, product: str = "", limit: int = 20) -> Rows:
    """How many versions of a package are in use, or of those with most versions.

    Args:
        folder: Of the snapshot.
        name: Package URL; its version says nothing here.  Empty: all.
        product: In this product only.
        limit: Most rows.

    Raises:
        InputError: It is no package URL.
    """
    only = str(Package.parse(name).without_version()) if name else ""
    return _asked(folder, _LATEST + _SPREAD, {"product": product, "limit": limit, "name": only})


def licence_mix(folder: Path, *, product: str = "", limit: int = 20) -> Rows:
    """How many packages of the newest bills are under which licence, as documents state it.

    An empty licence: no document states any.
    """
    return _asked(folder, _LATEST + _LICENCES, {"product": product, "limit": limit})


def exposure_over_time(
    folder: Path, question: str, *, upto: str, by: str = "month", product: str = ""
) -> tuple[Rows, list[str]]:
    """How many products contained a package, step by step.

    A bill holds from when it was made until the next of its product and environment
    was; a product counts in a step if one of its bills that held in it contains the
    package.

    Args:
        folder: Of the snapshot.
        question: A package URL, or one with a range.
        upto: The last moment.
        by: Length of a step, one of :data:`STEPS`.
        product: This product only.

    Returns:
        A row for each step, and the packages whose versions cannot be ordered.

    Raises:
        UsageError: The range cannot be read, or there are over ``MAX_STEPS`` steps.
        InputError: It is no package URL.
    """
    asked = wanted(question)
    with duck.opened(folder) as connection:
        duck.tables(connection, folder, TABLES)
        name = str(asked.package.without_version())
        rows = connection.execute(
            "SELECT package, purl FROM packages WHERE name = $name", {"name": name}
        ).fetchall()
        verdicts = [(number, text, asked.matches(Package.parse(text))) for number, text in rows]
        connection.execute("CREATE TABLE asked (package BIGINT)")
        found = [[number] for number, _, verdict in verdicts if verdict]
        if found:
            connection.executemany("INSERT INTO asked VALUES (?)", found)
        _bounded(connection, by, upto)
        words = {"product": product, "by": by, "step": f"1 {by}", "upto": upto}
        answer = _rows(connection, _OVER_TIME, words)
    return answer, sorted(text for _, text, verdict in verdicts if verdict is None)


def _bounded(connection: Connection, by: str, upto: str) -> None:
    count = connection.execute(
        "SELECT date_diff($by, min(made), $upto::TIMESTAMP) FROM shipments",
        {"by": by, "upto": upto},
    ).fetchone()
    if count and (count[0] or 0) > MAX_STEPS:
        raise UsageError(
            f"that makes {count[0]:,} steps, over the limit of {MAX_STEPS:,}.",
            remedy="Take longer ones with --by.",
        )


def _asked(folder: Path, query: str, words: Mapping[str, Any]) -> Rows:
    with duck.opened(folder) as connection:
        duck.tables(connection, folder, TABLES)
        return _rows(connection, query, words)


def _rows(connection: Connection, query: str, words: Mapping[str, Any]) -> Rows:
    # DuckDB takes no parameter that the query does not name.
    used = {name: value for name, value in words.items() if f"${name}" in query}
    found = connection.execute(query, used)
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
