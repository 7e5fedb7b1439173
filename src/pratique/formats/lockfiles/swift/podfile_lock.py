"""CocoaPods' ``Podfile.lock``.

Format: as CocoaPods 1.x writes it, in YAML.  Subspecs (``Alpha/Core``) are
parts of a pod and are read as the pod.  ``SPEC CHECKSUMS`` are of the podspec's
text, not of what is downloaded, and are no digests of the pod.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pratique.formats.lockfiles.gathering import Gathering, named, shown, without_credentials
from pratique.formats.shapes import array, mapping
from pratique.formats.text import Lines, decode
from pratique.formats.yaml_text import parse_yaml
from pratique.model.errors import InputError
from pratique.model.inventory import Reading, Relation
from pratique.model.nouns import Source

if TYPE_CHECKING:
    from pratique.formats.base import Tree

_ENTRY = re.compile(r"^(?P<name>[^\s()]+)(?: \((?P<inside>[^()]*)\))?$")
_FROM = re.compile(r" \(from [^()]*\)$")


def read(data: bytes, path: str, tree: Tree) -> Reading:  # noqa: ARG001 - a ReadFunction
    """Read a CocoaPods lockfile.

    Raises:
        InputError: It is not YAML, or has no pods.
    """
    text = decode(data)
    document = parse_yaml(text)
    if not isinstance(document, dict) or "PODS" not in document:
        raise InputError("has no PODS")
    pods = _Pods(path, text, document)
    for item in array(document["PODS"]):
        pods.take(item)
    return pods.done()


class _Pods:
    """What has been read so far."""

    def __init__(self, path: str, text: str, document: dict[Any, Any]) -> None:
        self.gathering = Gathering(path, type="cocoapods")
        self._lines = Lines(text)
        self._document = document
        self._refs: dict[str, str] = {}
        self._needs: dict[str, list[str]] = {}
        self._seen: set[str] = set()

    def take(self, item: Any) -> None:
        """Take a pod, alone or with what it needs."""
        entry, needs = item, None
        if isinstance(item, dict) and len(item) == 1:
            entry, needs = next(iter(item.items()))
        line = self._lines.of(f"- {entry}") or self._lines.of(str(entry)[:200])
        match = _ENTRY.match(entry) if isinstance(entry, str) else None
        if match is None:
            self.gathering.notes.unreadable(f"pod {shown(entry)} cannot be read", line)
            return
        pod, version = match["name"].partition("/")[0], match["inside"] or ""
        if not version:
            self.gathering.notes.unknown(f"pod {named(match['name'])} has no version", line)
        package = self.gathering.package(pod, version, line=line)
        if package is None:
            return
        if str(entry) in self._seen:
            self.gathering.notes.notice(f"pod {named(match['name'])} is locked twice", line)
        self._seen.add(str(entry))
        registry, source = self._origin(pod)
        ref = self.gathering.add(
            package,
            line=line,
            registry=registry,
            source=source,
            relation=Relation.TRANSITIVE,
        )
        if ref:
            self._refs[pod] = ref
            self._needs.setdefault(ref, []).extend(str(need) for need in array(needs))

    def _origin(self, pod: str) -> tuple[str, Source | None]:
        for section in ("CHECKOUT OPTIONS", "EXTERNAL SOURCES"):
            options = mapping(mapping(self._document.get(section)).get(pod))
            if url := options.get(":git"):
                reference = options.get(":tag") or options.get(":branch") or ""
                return "", Source(
                    url=without_credentials(str(url)),
                    commit=str(options.get(":commit") or ""),
                    reference=str(reference),
                )
        for repository, names in mapping(self._document.get("SPEC REPOS")).items():
            if pod in array(names):
                return without_credentials(str(repository)), None
        return "", None

    def done(self) -> Reading:
        """Resolve names to pods once all are known."""
        roots = []
        for entry in array(self._document.get("DEPENDENCIES")):
            name, requirement = _wanted(str(entry))
            ref = self._refs.get(name)
            if ref is None:
                line = self._lines.of(str(entry)[:200])
                self.gathering.notes.notice(f"{named(name)} is wanted but not locked", line)
                continue
            roots.append(ref)
            self.gathering.change(ref, relation=Relation.DIRECT, requirement=requirement)
        for ref, needs in self._needs.items():
            self.gathering.states_edges(ref)
            for need in needs:
                target = self._refs.get(_wanted(need)[0])
                if target is None:
                    self.gathering.notes.notice(f"{shown(need)} is needed but not locked")
                elif target != ref:
                    self.gathering.edge(ref, target)
        return self.gathering.reading("Podfile.lock", roots=roots)


def _wanted(entry: str) -> tuple[str, str]:
    match = _ENTRY.match(_FROM.sub("", entry))
    if match is None:
        return entry, ""
    return match["name"].partition("/")[0], match["inside"] or ""
