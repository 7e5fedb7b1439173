"""Answers for Go and Rust packages, where advisories name functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.reachability import golang, rust
from pratique.reachability.answering import answer
from pratique.reachability.models import Answer, Site, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pratique.model.finding import Finding
    from pratique.model.inventory import Component
    from pratique.reachability.symbols import Named

INIT = "init"
"""Go: the function that importing a package runs."""

STANDARD = frozenset({"stdlib", "toolchain"})
"""Names that the Go vulnerability database gives to Go itself."""

_CALLED = """
Accept Close Dial DialContext Error Flush Format GobDecode GobEncode GoString Hijack Len Less
LogValue Lookup MarshalBinary MarshalJSON MarshalText MarshalXML MarshalXMLAttr Next Open Pop
Push Read ReadAt ReadByte ReadDir ReadFrom ReadRune RoundTrip Scan Seek ServeHTTP Set String Sum
Swap UnmarshalBinary UnmarshalJSON UnmarshalText UnmarshalXML UnmarshalXMLAttr UnreadByte
UnreadRune Unwrap Value Write WriteAt WriteHeader WriteString WriteTo
"""

CALLED = frozenset(_CALLED.split())
"""Methods that Go's standard library calls on whatever it is given, through interfaces of its
own (``io.Reader``, ``http.Handler``, ``json.Unmarshaler``, ``sort.Interface`` …)."""

NO_RECORDS = (
    "only the advisory's facts are here, not its functions: run 'pratique advisories update'"
)
BY_NAME_ALONE = "functions are found by their names: another one of the same name counts too"


def go(finding: Finding, module: str, named: Named, walked: golang.Walked) -> Answer:
    """What the sources say of a finding in a Go module.

    Args:
        finding: About the module.
        module: Its path.
        named: What the advisory names.
        walked: What the project reaches.
    """
    doubts = [] if named.records else [NO_RECORDS]
    paths = list(named.paths) or [
        path for path in walked.first if path == module or path.startswith(f"{module}/")
    ]
    reached = [path for path in paths if path in walked.first]
    if not walked.files:
        return answer(finding, State.UNKNOWN, "there are no Go sources to read", doubts=doubts)
    if not reached:
        if reason := _unseen_go(module, walked):
            return answer(finding, State.UNKNOWN, reason, doubts=doubts)
        reason = f"none of {len(walked.files):,} files read imports {_some(paths) or module}"
        return answer(finding, State.UNIMPORTED, reason, doubts=doubts)
    chain = walked.first[reached[0]]
    whole = [path for path in reached if not named.paths.get(path)]
    started = [path for path in reached if INIT in named.paths.get(path, ())]
    symbols = [text for path in reached for text in named.paths.get(path, ())]
    if whole:
        reason = f"{whole[0]} is imported; the advisory names no functions of it"
        return answer(finding, State.IMPORTED, reason, chain=chain, doubts=doubts)
    if started:
        reason = f"{started[0]} is imported, which runs what is vulnerable"
        return answer(finding, State.IMPORTED, reason, symbols=symbols, chain=chain, doubts=doubts)
    sites: list[Site] = []
    usable: list[str] = []
    for path in reached:
        more, can = golang.referenced(walked, path, named.paths[path])
        sites += more
        usable += can
    unseen = _unseen_go(module, walked) or _called(usable)
    return _judged(finding, symbols, usable, sites, chain, unseen, _methods(usable, doubts))


def _called(usable: Sequence[str]) -> str:
    """Which methods code that is not read may call; empty where there are none."""
    found = sorted(text for text in usable if "." in text and text.rpartition(".")[2] in CALLED)
    return f"the standard library calls methods of such names: {_some(found)}" if found else ""


def crate(
    finding: Finding,
    parts: Sequence[Component],
    named: Named,
    walked: rust.Walked,
    users: Sequence[str],
) -> Answer:
    """What the sources say of a finding in a crate.

    Args:
        finding: About the crate.
        parts: The components that it is about.
        named: What the advisory names.
        walked: What the project reaches.
        users: References of everything that needs the crate, near or far; the
            empty one is the project.
    """
    doubts = [] if named.records else [NO_RECORDS]
    missing = [ref for ref in users if ref in walked.absent]
    unseen = f"the sources of {len(missing)} crates that need it are not here" if missing else ""
    unseen = unseen or (_unread(len(walked.problems)) if walked.problems else "")
    if not walked.files.get(""):
        return answer(finding, State.UNKNOWN, "there are no Rust sources to read", doubts=doubts)
    chains = [walked.first[part.ref] for part in parts if part.ref in walked.first]
    if not chains:
        if unseen:
            return answer(finding, State.UNKNOWN, unseen, doubts=doubts)
        macros = [walked.generated[one.ref] for one in parts if one.ref in walked.generated]
        if macros:
            reason = f"a macro may bring it into code: {macros[0]}"
            return answer(finding, State.UNKNOWN, reason, doubts=doubts)
        reason = "no source that is read names it"
        return answer(finding, State.UNIMPORTED, reason, doubts=doubts)
    chain = min(chains, key=len)
    if not named.functions:
        reason = "it is used; the advisory names no functions"
        return answer(finding, State.IMPORTED, reason, chain=chain, doubts=doubts)
    sites = rust.referenced(walked, users, named.functions)
    own = rust.referenced(walked, [part.ref for part in parts], named.functions)
    if any(part.ref in walked.absent for part in parts):
        unseen = unseen or "the crate's own sources are not here"
    elif own:
        # RustSec names the functions that are wrong, not those that call them.
        unseen = unseen or f"the crate itself uses what is wrong ({own[0]}), perhaps for others"
    return _judged(
        finding,
        named.functions,
        named.functions,
        sites,
        chain,
        unseen,
        [*doubts, "trait methods can be called without being named"],
    )


def _judged(
    finding: Finding,
    symbols: Sequence[str],
    usable: Sequence[str],
    sites: Sequence[Site],
    chain: Sequence[Site],
    unseen: str,
    doubts: Sequence[str],
) -> Answer:
    if sites:
        state, reason = State.REFERENCED, f"{sites[0].text} is named at {sites[0].location}"
        doubts = [*doubts, BY_NAME_ALONE]
    elif not usable:
        state, reason = State.UNKNOWN, "the advisory names only functions that nobody else can call"
    elif unseen:
        state, reason = State.UNKNOWN, unseen
    else:
        state = State.UNREFERENCED
        reason = f"it is imported; none of {len(usable)} functions is named: {_some(usable)}"
    return answer(finding, state, reason, symbols=symbols, chain=chain, sites=sites, doubts=doubts)


def _unseen_go(module: str, walked: golang.Walked) -> str:
    if module in STANDARD:
        return "what the standard library itself imports and calls is not read"
    if walked.absent:
        some = _some(sorted(walked.absent))
        return f"the sources of {len(walked.absent)} modules are not here: {some}"
    return _unread(len(walked.problems)) if walked.problems else ""


def _unread(count: int) -> str:
    return f"{count} source files cannot be read"


def _methods(usable: Sequence[str], doubts: Sequence[str]) -> list[str]:
    if any("." in text for text in usable):
        return [*doubts, "methods can be called through interfaces by code that does not name them"]
    return list(doubts)


def _some(names: Sequence[str], most: int = 4) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
