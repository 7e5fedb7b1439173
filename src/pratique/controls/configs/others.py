"""Composer's ``composer.json`` and Bundler's ``Gemfile``.

Composer asks its repositories in order and stops at the first that has a name, unless that one
is not canonical; the built-in one comes last.  Bundler merges sources that stand at the top;
a block binds what is in it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pratique.controls.configs.documents import Document, read_json
from pratique.controls.configs.models import Fault, Place, Source, Unreadable, folder_of
from pratique.controls.configs.pip import plain_http
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.controls.configs.models import Outcomes, Scene

_SOURCE = re.compile(
    r"""^(?P<indent>\s*)source[\s(]+(?P<value>["'][^"']+["']|:rubygems)\)?(?P<block>\s+do\b)?"""
)


def judge_composer(scene: Scene) -> Outcomes:
    """Judge every ``composer.json`` that has repositories or settings."""
    for path, text in scene.files.items():
        if path[len(folder_of(path)) :] != "composer.json":
            continue
        try:
            document = read_json(text, path)
        except InputError as error:
            yield Unreadable(path, error.message)
            continue
        yield from _composer(document, scene)


def _composer(document: Document, scene: Scene) -> Iterator[Fault]:
    for key, bad in (("secure-http", False), ("disable-tls", True)):
        if document.get("config", key) is bad:
            yield Fault(
                "insecure-transport",
                document.at("config", key),
                f"{key} lets packages be fetched without encryption",
                "Whoever is on the way can answer in place of the source.",
                f"Remove {key}.",
            )
    entries: Any = document.get("repositories")
    pairs: list[tuple[str | int, Any]] = []
    if isinstance(entries, dict):
        pairs.extend(entries.items())
    elif isinstance(entries, list):
        pairs.extend(enumerate(entries))
    asked: list[tuple[Source, bool]] = []
    default = True
    for at, entry in pairs:
        if entry is False or (
            isinstance(entry, dict) and False in entry.values() and "url" not in entry
        ):
            default = False
        elif isinstance(entry, dict) and isinstance(entry.get("url"), str):
            kept = (
                entry.get("canonical") is not False
                and "only" not in entry
                and "exclude" not in entry
            )
            if "only" in entry and entry.get("canonical") is not False:
                kept = True
            place = document.at("repositories", at, "url")
            asked.append((Source(entry["url"], place, str(entry.get("type", ""))), kept))
    yield from plain_http(source for source, _ in asked)
    composer = [one for one in asked if one[0].name in {"composer", ""}]
    if default:
        near = composer[0][0].place if composer else document.at("repositories")
        composer.append((Source("", near), True))
    yield from _ordered(composer, scene)


def _ordered(asked: list[tuple[Source, bool]], scene: Scene) -> Iterator[Fault]:
    public = [source for source, _ in asked if scene.hosts.public(source.url)]
    internal = [(source, kept) for source, kept in asked if source not in public]
    names = scene.names.of("composer")
    if not public or not (internal or names):
        return
    first = asked[0][0]
    if first in public:
        rule = "public-first" if internal else "mapping-points-to-public"
        if not first.url:
            rule = "default-public-remains"
        why = "Repositories are asked in order; the first that has a name answers."
    elif not internal[0][1]:
        rule = "fallback-to-public"
        why = "A repository that is not canonical does not end the search for a name."
    else:
        return
    yield Fault(
        rule,
        (first if first in public else internal[0][0]).place,
        f"an internal name is asked of {public[0].shown}",
        why,
        "Put the internal repository first, leave canonical as it is, and turn the built-in one "
        "off where the internal one proxies public packages.",
    )


def judge_bundler(scene: Scene) -> Outcomes:
    """Judge every ``Gemfile``."""
    for path, text in scene.files.items():
        if path[len(folder_of(path)) :] not in {"Gemfile", "gems.rb"}:
            continue
        top: list[Source] = []
        for number, line in enumerate(text.split("\n"), 1):
            match = _SOURCE.match(line)
            if match is None:
                continue
            value = match["value"].strip("\"'")
            url = "" if value == ":rubygems" else value
            source = Source(url, Place(path, number, match.start("value") + 1))
            yield from plain_http([source])
            if not match["block"]:
                top.append(source)
        public = [one for one in top if scene.hosts.public(one.url)]
        internal = [one for one in top if one not in public]
        if public and internal:
            yield Fault(
                "merged-sources",
                public[0].place,
                f"{public[0].shown} is searched together with {internal[0].shown}",
                "Sources at the top are searched together, and a gem may come from any of them.",
                f'source "{internal[0].shown}" do … end around the internal gems',
            )
