"""A CSAF document as the tests look at it: values of the right type, products, groups, dates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from pratique.formats.base import MAX_DEPTH
from pratique.formats.instants import parse_instant
from pratique.formats.shapes import mapping, objects_in, texts_in, value_at

if TYPE_CHECKING:
    from datetime import datetime

BOTH = ("2.0", "2.1")
NEW = ("2.1",)

MAX_WALKED = MAX_DEPTH
"""Branches in branches that are followed; test 6.1.34 allows 30."""

Finding = tuple[str, str]
"""JSON pointer of the offending value, and what is wrong with it."""

Test = Callable[["Advisory"], Iterator[Finding]]


class Mandatory(NamedTuple):
    """One test of section 6.1."""

    number: str
    title: str
    versions: tuple[str, ...]
    check: Test


def mandatory(
    number: str, title: str, versions: tuple[str, ...] = BOTH
) -> Callable[[Test], Mandatory]:
    """Make a test of a function that yields what fails.

    Args:
        number: Section: ``6.1.27.9``.
        title: The section's own, shortened.
        versions: Of CSAF that have it.
    """
    return lambda check: Mandatory(number, title, versions, check)


def rows(value: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Path and object of each object in a list."""
    if isinstance(value, list):
        for at, one in enumerate(value):
            if isinstance(one, dict):
                yield f"{path}/{at}", one


class Branch(NamedTuple):
    """A branch of the product tree."""

    path: str
    value: dict[str, Any]
    above: tuple[dict[str, Any], ...]
    """The branches it is in, outermost first."""


class Advisory:
    """A parsed CSAF document.

    Args:
        value: Its top object.
        version: ``2.0`` or ``2.1``.
    """

    def __init__(self, value: dict[str, Any], version: str) -> None:
        self.value = value
        self.version = version
        self.document: dict[str, Any] = mapping(value.get("document"))
        self.tracking: dict[str, Any] = mapping(self.document.get("tracking"))
        self.tree: dict[str, Any] = mapping(value.get("product_tree"))

    @property
    def category(self) -> str:
        """The profile."""
        found = self.document.get("category")
        return found if isinstance(found, str) else ""

    @property
    def status(self) -> str:
        """Of the document: ``draft``, ``interim``, ``final``."""
        found = self.tracking.get("status")
        return found if isinstance(found, str) else ""

    @property
    def released(self) -> bool:
        """Whether it is more than a draft."""
        return self.status in {"final", "interim"}

    @property
    def english(self) -> bool:
        """Whether its language is English or not said."""
        lang = self.document.get("lang")
        return not isinstance(lang, str) or lang.lower().split("-")[0] == "en"

    @property
    def label(self) -> str:
        """Traffic light."""
        found = value_at(self.document, "distribution", "tlp", "label")
        return found if isinstance(found, str) else ""

    def vulnerabilities(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Path and object of each vulnerability."""
        return rows(self.value.get("vulnerabilities"), "/vulnerabilities")

    @cached_property
    def branches(self) -> tuple[Branch, ...]:
        """Every branch, outer ones first; those nested too deep to follow are left out."""
        found: list[Branch] = []
        waiting = [
            Branch(path, one, ())
            for path, one in rows(self.tree.get("branches"), "/product_tree/branches")
        ]
        for branch in waiting:  # grows while it is walked
            found.append(branch)
            if len(branch.above) < MAX_WALKED:
                above = (*branch.above, branch.value)
                waiting.extend(
                    Branch(path, one, above)
                    for path, one in rows(branch.value.get("branches"), f"{branch.path}/branches")
                )
        return tuple(found)

    @cached_property
    def names(self) -> tuple[tuple[str, dict[str, Any]], ...]:
        """Path and object of every full product name."""
        found = list(rows(self.tree.get("full_product_names"), "/product_tree/full_product_names"))
        for branch in self.branches:
            product = branch.value.get("product")
            if isinstance(product, dict):
                found.append((f"{branch.path}/product", product))
        for key in ("relationships", "product_paths"):
            for path, one in rows(self.tree.get(key), f"/product_tree/{key}"):
                name = one.get("full_product_name")
                if isinstance(name, dict):
                    found.append((f"{path}/full_product_name", name))
        return tuple(found)

    def helpers(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Path and object of every product identification helper."""
        for path, name in self.names:
            helper = name.get("product_identification_helper")
            if isinstance(helper, dict):
                yield f"{path}/product_identification_helper", helper

    @cached_property
    def product_ids(self) -> tuple[tuple[str, str], ...]:
        """Path and id of every product id that is defined."""
        return tuple(
            (f"{path}/product_id", name["product_id"])
            for path, name in self.names
            if isinstance(name.get("product_id"), str)
        )

    @cached_property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """Group id to product ids."""
        return {
            one["group_id"]: tuple(texts_in(one.get("product_ids")))
            for one in objects_in(self.tree.get("product_groups"))
            if isinstance(one.get("group_id"), str)
        }

    def links(self) -> Iterator[tuple[str, str, list[tuple[str, str]]]]:
        """Path, id made, and path and id of what it is made of, for every joined product."""
        for path, one in rows(self.tree.get("relationships"), "/product_tree/relationships"):
            made = value_at(one, "full_product_name", "product_id")
            used = [
                (f"{path}/{key}", one[key])
                for key in ("product_reference", "relates_to_product_reference")
                if isinstance(one.get(key), str)
            ]
            yield path, made if isinstance(made, str) else "", used
        for path, one in rows(self.tree.get("product_paths"), "/product_tree/product_paths"):
            made = value_at(one, "full_product_name", "product_id")
            key = "beginning_product_reference"
            used = [(f"{path}/{key}", one[key])] if isinstance(one.get(key), str) else []
            for at, sub in rows(one.get("subpaths"), f"{path}/subpaths"):
                following = sub.get("next_product_reference")
                if isinstance(following, str):
                    used.append((f"{at}/next_product_reference", following))
            yield path, made if isinstance(made, str) else "", used

    def members(self, record: dict[str, Any]) -> list[str]:
        """Product ids that an object names, itself or by its groups, each once."""
        found = texts_in(record.get("product_ids"))
        for group in texts_in(record.get("group_ids")):
            found.extend(self.groups.get(group, ()))
        return list(dict.fromkeys(found))

    @cached_property
    def history(self) -> tuple[tuple[str, dict[str, Any]], ...]:
        """Revision history with the paths, by date and then by number."""
        from pratique.formats.csaf.mandatory.versions import sort_key

        found = list(
            rows(self.tracking.get("revision_history"), "/document/tracking/revision_history")
        )
        return tuple(
            sorted(
                found,
                key=lambda row: (moment(row[1].get("date")), sort_key(row[1].get("number"))),
            )
        )

    @cached_property
    def newest(self) -> datetime | None:
        """Date of the newest revision."""
        dates = [
            found
            for _, one in self.history
            if isinstance(one.get("date"), str) and (found := parse_instant(one["date"]))
        ]
        return max(dates, default=None)


def moment(value: Any) -> float:
    """Seconds of a date and time, for comparison; far in the past where it is none."""
    found = parse_instant(value) if isinstance(value, str) else None
    return found.timestamp() if found else float("-inf")
