"""Lints configurations: walks, judges, and settles what depends on whose a host is."""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from pratique.controls.configs.finding import collect
from pratique.controls.configs.hosts import Hosts, host_of
from pratique.controls.configs.models import Fault, Scene, Unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pratique.controls.configs.names import Names

JUDGES = (
    "pip:judge",
    "uv:judge",
    "npm:judge",
    "yarn:judge",
    "pnpm:judge",
    "maven:judge",
    "gradle:judge",
    "nuget:judge",
    "cargo:judge",
    "golang:judge",
    "others:judge_composer",
    "others:judge_bundler",
    "commands:judge",
)
"""Module and function of every judge, in the order in which they are asked."""

MAX_UNSETTLED = 12
"""Hosts that are tried one by one as internal; beyond that only all and none are tried."""

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,20}://[^\s\"'<>,|;]{1,500}")


class Result(NamedTuple):
    """What a lint found."""

    files: tuple[str, ...]
    """Paths of what was read."""

    faults: tuple[Fault, ...]
    """In the order of their places."""

    unknown: tuple[Unreadable, ...]
    """What could not be read or settled."""

    texts: Mapping[str, str]
    named: bool
    """Whether internal names were given."""


def lint(subject: Path, names: Names, given: frozenset[str], exclude: Sequence[str] = ()) -> Result:
    """Lint a folder or a file.

    Args:
        subject: What to lint.
        names: Internal names.
        given: Internal hosts; their subdomains are internal too.
        exclude: Glob patterns on relative paths.

    Raises:
        UsageError: It does not exist, or is a file that is not known.
    """
    texts, problems = collect(subject, exclude)
    faults, unknown = judge(texts, names, given)
    return Result(
        tuple(texts),
        tuple(faults),
        tuple(dict.fromkeys([*problems, *unknown])),
        texts,
        bool(names.by_kind),
    )


def judge(
    texts: Mapping[str, str], names: Names, given: frozenset[str]
) -> tuple[list[Fault], list[Unreadable]]:
    """Faults that hold whoever owns the hosts that are not known, and what hangs on it.

    Where no host is known to be internal, each that matters is taken as public, then as
    internal: a fault that shows in every case is a fault, any other is unknown.
    """
    known = _known(texts, names, given)
    hosts = Hosts(given, known=known)
    first, unread = _run(texts, names, hosts)
    unsettled = list(hosts.unsettled)
    if not unsettled:
        return first, unread
    cases = [frozenset(unsettled)]
    if 1 < len(unsettled) <= MAX_UNSETTLED:
        cases += [frozenset({one}) for one in unsettled]
    results = [first]
    results += [
        _run(texts, names, Hosts(given, known=known, assumed=assumed))[0] for assumed in cases
    ]
    keys = [{(fault.rule, fault.place) for fault in found} for found in results]
    certain = set.intersection(*keys)
    sure = [fault for fault in first if (fault.rule, fault.place) in certain]
    open_ones = {
        fault.place.path: fault
        for found in results
        for fault in found
        if (fault.rule, fault.place) not in certain
    }
    told = ", ".join(unsettled[:5])
    for path, fault in sorted(open_ones.items()):
        unread.append(
            Unreadable(
                path,
                f"whether {told} is the organisation's own is not known; if it is or is not, "
                f"{fault.rule}: {fault.what} (say which is with --internal-host)",
                fault.place.line,
            )
        )
    return sure, unread


def _known(texts: Mapping[str, str], names: Names, given: frozenset[str]) -> bool:
    """Whether some host is known to be internal: then any other that is not named is public."""
    if given:
        return True
    hosts = Hosts()
    for text in texts.values():
        for match in _ADDRESS.finditer(text):
            host = host_of(match[0])
            if "." in host and hosts.named(host) and not host.startswith("127."):
                return True
    return any(hosts.named(one.partition("/")[0]) for one in names.of("golang"))


def _run(
    texts: Mapping[str, str], names: Names, hosts: Hosts
) -> tuple[list[Fault], list[Unreadable]]:
    scene = Scene(texts, names, hosts)
    faults: dict[Fault, None] = {}
    unread: dict[Unreadable, None] = {}
    for entry in JUDGES:
        module, _, function = entry.partition(":")
        ask = getattr(import_module(f"pratique.controls.configs.{module}"), function)
        for outcome in ask(scene):
            if isinstance(outcome, Fault):
                faults[outcome] = None
            else:
                unread[outcome] = None
    once = {(one.rule, one.place): one for one in reversed(faults)}
    return sorted(once.values(), key=lambda one: (one.place, one.rule)), list(unread)
