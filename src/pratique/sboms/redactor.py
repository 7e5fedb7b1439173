"""A document's value while things are taken out of it, with a record of each."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from pratique.formats.sbom.convert.leaves import leaves
from pratique.model.errors import InputError
from pratique.model.purl import Package
from pratique.sboms.redaction_rules import Rules, is_named_host

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable

    from pratique.sboms.pseudonyms import Pseudonyms

HIDDEN_PATH = "[redacted path]"
HIDDEN_ADDRESS = "[redacted address]"
HIDDEN_URL = "urn:pratique:redacted"
"""In place of a text that is an address as a whole: where one is demanded, this is one."""


_PATH = re.compile(
    r"file://[^\s\"'<>|,;)\]]+"
    r"|(?<![\w:/.~-])/(?:home|Users|root|builds?|workspaces?|var|opt|srv|mnt|tmp|private|data|usr"
    r"|etc|app|code|src|runner|github|Volumes)/[^\s\"'<>|,;)\]]*"
    r"|(?<![\w])[A-Za-z]:\\[^\s\"'<>|,;)\]]*"
    r"|(?<!\\)\\\\[\w.-]+\\[^\s\"'<>|,;)\]]*"
)
"""Absolute paths of POSIX systems (by their first folder, so that parts of addresses are
none) and of Windows, and ``file`` addresses."""

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s\"'<>|\])]+|\bgit@[\w.-]+:[^\s\"'<>|\])]+")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


class Removal(msgspec.Struct, frozen=True, kw_only=True):
    """One leaf of the original that is not in the result as it was."""

    path: str
    """In the original."""

    rule: str
    action: str
    """``removed`` or ``replaced``."""

    value: Any
    """What stood there: this report must not leave either."""

    replacement: Any = None


class Redactor:
    """Takes things out of a value, which is changed.

    Args:
        value: The whole document.
        rules: What must not leave.
        pseudonyms: For what stays under another name.
    """

    def __init__(self, value: dict[str, Any], rules: Rules, pseudonyms: Pseudonyms) -> None:
        self.value = value
        self.rules = rules
        self.pseudonyms = pseudonyms
        self._removals: dict[str, Removal] = {}
        self.tokens: dict[str, str] = {}
        """Texts that must not be anywhere in the result, and the rule that says so."""

        self.components: dict[str, int] = {"removed": 0, "pseudonymised": 0}
        self.renamed: dict[str, str] = {}
        """Old to new references."""

        self.notes: list[str] = []
        self.cut: list[str] = []
        """Edges that were not rewired, as ``from -> to`` in pseudonyms."""

        self._paths: dict[int, str] = {}
        self._numbers: dict[int, list[int]] = {}  # of the items that are left, in the original
        self._kept: list[Any] = []  # so that no identity is used again
        self._index(value, "")

    @property
    def removals(self) -> tuple[Removal, ...]:
        """What went, each leaf of the original once."""
        return tuple(self._removals.values())

    def _index(self, value: Any, path: str) -> None:
        waiting = [(value, path)]
        while waiting:
            one, at = waiting.pop()
            if isinstance(one, dict | list):
                self._paths[id(one)] = at
                self._kept.append(one)
            if isinstance(one, dict):
                waiting += [(inner, f"{at}.{key}" if at else key) for key, inner in one.items()]
            elif isinstance(one, list):
                waiting += [(inner, f"{at}[{number}]") for number, inner in enumerate(one)]

    def path(self, value: Any, key: str | int | None = None) -> str | None:
        """Where an object, or a member of it, was in the original; ``None`` for a new one."""
        at = self._paths.get(id(value))
        if key is None or at is None:
            return at
        if isinstance(key, int):
            numbers = self._numbers.get(id(value))
            return f"{at}[{numbers[key] if numbers else key}]"
        return f"{at}.{key}" if at else key

    def note(self, path: str | None, value: Any, rule: str, replacement: Any = None) -> None:
        """Record that a value is gone, leaf by leaf, or replaced by another."""
        if path is None:  # it was made here, and is none of the original
            return
        action = "removed" if replacement is None else "replaced"
        for inner, leaf in leaves(value).items():
            joint = "" if not inner or inner.startswith("[") or not path else "."
            place = f"{path}{joint}{inner}"
            earlier = self._removals.get(place)  # replaced before: the original is what it had
            self._removals[place] = Removal(
                path=place,
                rule=earlier.rule if earlier else rule,
                action=action,
                value=earlier.value if earlier else leaf,
                replacement=replacement,
            )

    def drop(self, owner: dict[str, Any], key: str, rule: str) -> None:
        """Remove a member of an object."""
        if key in owner:
            value = owner.pop(key)
            held = isinstance(value, dict | list)
            self.note(self.path(value) if held else self.path(owner, key), value, rule)

    def put(self, owner: dict[str, Any], key: str, value: Any, rule: str) -> None:
        """Replace a member of an object; one that is not there is added without a record."""
        if key in owner and owner[key] != value:
            self.note(self.path(owner, key), owner[key], rule, value)
        owner[key] = value

    def sift(
        self, owner: dict[str, Any], key: str, goes: Callable[[Any], bool], rule: str
    ) -> list[Any]:
        """Remove items of an array, and the array where nothing is left of it.

        Returns:
            What went.
        """
        items = owner.get(key)
        if not isinstance(items, list):
            return []
        kept, gone, numbers = [], [], []
        known = self._numbers.get(id(items)) or range(len(items))
        for number, item in enumerate(items):
            if goes(item):
                held = isinstance(item, dict | list)
                self.note(self.path(item) if held else self.path(items, number), item, rule)
                gone.append(item)
            else:
                kept.append(item)
                numbers.append(known[number])
        if gone:
            items[:] = kept
            self._numbers[id(items)] = numbers
            if not kept:
                del owner[key]
        return gone

    def component(self, names: Iterable[str], name: str) -> str:
        """The pseudonym of a component: of its package at no version, else of its name.

        So it is the same in every version, document and format.
        """
        for one in names:
            if one.startswith("pkg:"):
                with suppress(InputError):
                    return self.pseudonyms.of(
                        "component", str(Package.parse(one).without_version())
                    )
        return self.pseudonyms.of("component", name)

    def forbid(self, text: Any, rule: str) -> None:
        """Note a text that must not be left anywhere."""
        if isinstance(text, str) and len(text) >= 6:
            self.tokens.setdefault(text, rule)

    def forbid_all(self, texts: Iterable[str], rule: str) -> None:
        """Note several of them."""
        for text in texts:
            self.forbid(text, rule)

    def scrub(self, skip: Container[str]) -> None:
        """Take paths, addresses of hosts and of people out of every text that is left.

        Args:
            skip: Members whose values are no prose: identifiers and references.
        """
        waiting: list[Any] = [self.value]
        while waiting:
            owner = waiting.pop()
            if isinstance(owner, dict):
                pairs: list[tuple[Any, Any]] = [(k, v) for k, v in owner.items() if k not in skip]
            else:
                pairs = list(enumerate(owner))
            for key, inner in pairs:
                if isinstance(inner, dict | list):
                    waiting.append(inner)
                elif isinstance(inner, str):
                    text, rule = self.scrubbed(inner)
                    if text != inner:
                        self.note(self.path(owner, key), inner, rule, text)
                        owner[key] = text

    def scrubbed(self, text: str) -> tuple[str, str]:
        """A text without what must not leave, and the last rule that changed it."""
        rule = ""
        if self.rules.hosts and ("://" in text or "git@" in text):
            whole = not any(sign.isspace() for sign in text.strip())
            hidden = HIDDEN_URL if whole else HIDDEN_ADDRESS
            changed = _URL.sub(lambda f: hidden if self.is_hidden(f[0]) else f[0], text)
            changed = HIDDEN_URL if whole and changed != text else changed
            rule, text = ("urls" if changed != text else rule), changed
        if self.rules.paths:
            changed = _PATH.sub(HIDDEN_PATH, text)
            rule, text = ("paths" if changed != text else rule), changed
        if self.rules.authors and "@" in text:
            # a user in an address is none of a person
            changed = _MAIL.sub(lambda f: f[0] if f[0].startswith("git@") else HIDDEN_ADDRESS, text)
            rule, text = ("authors" if changed != text else rule), changed
        return text, rule

    def is_hidden(self, text: Any) -> bool:
        """Whether a text is the address of a host that must not leave."""
        if not isinstance(text, str) or not self.rules.hosts:
            return False
        plain = text.strip()
        if plain.startswith("git@"):
            return is_named_host(self.rules.hosts, plain[4:].partition(":")[0])
        found = _URL.match(plain)
        if not found:
            return False
        try:
            host = urlsplit(found[0]).hostname or ""
        except ValueError:
            return True  # what cannot be read might be anything
        return is_named_host(self.rules.hosts, host)
