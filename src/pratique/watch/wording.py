"""An event in words: what, where, why, and what to do about it."""

from __future__ import annotations

import html
import shlex
from typing import TYPE_CHECKING

from pratique.model.errors import InputError
from pratique.model.purl import Package
from pratique.watch.models import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pratique.graph.witnesses import Witness
    from pratique.watch.models import Event

MAX_TEXT = 300
"""Most characters of any one text of an advisory or a document that a message shows."""

MAX_WITNESSES = 3
"""Documents of the record that a message names; JSON names them all."""

_NAMES = {
    Kind.MALICIOUS: "malicious package",
    Kind.NEW: "new finding",
    Kind.GONE: "finding is gone",
    Kind.WITHDRAWN: "advisory withdrawn",
    Kind.SEVERITY: "severity changed",
    Kind.EXPLOITED: "known exploitation changed",
    Kind.LIKELIHOOD: "likelihood of exploitation changed",
    Kind.FIX: "fixed version appeared",
    Kind.STATUS: "status changed",
    Kind.EXPIRED: "judgement expired",
}

_OVER = frozenset({Kind.GONE, Kind.WITHDRAWN})


def plain(text: str) -> str:
    """Text of elsewhere on one line, without what a terminal or a header acts on."""
    shown = "".join(c if c.isprintable() else " " for c in text)
    return shown if len(shown) <= MAX_TEXT else f"{shown[: MAX_TEXT - 1]}…"


def headline(event: Event) -> str:
    """The event in a line: ``[critical] CVE-2026-1 in shop 1.4 (prod): new finding``."""
    where = f"{event.product} {event.version}".strip()
    if event.environments:
        where += f" ({', '.join(event.environments)})"
    name = next((one for one in event.aliases if one.startswith("CVE-")), event.vulnerability)
    return plain(f"[{event.severity}] {name} in {where}: {_NAMES[event.kind]}")


def lines(event: Event) -> list[tuple[str, str]]:
    """Labels and texts, for any medium."""
    ids = ", ".join((event.vulnerability, *event.aliases[:5]))
    what = f"{ids}: {event.title}" if event.title else ids
    found = [("what", f"{what} in {event.package}"), ("where", " > ".join(event.path))]
    if event.owners:
        found.append(("team", ", ".join(event.owners)))
    if event.before or event.after:
        found.append(("change", f"{event.before or 'nothing'} -> {event.after or 'nothing'}"))
    found.append(("why", f"{event.cause.kind} {event.cause.id}: {event.cause.detail}".rstrip(": ")))
    found.extend(("by", _origin(one)) for one in event.witnesses[:MAX_WITNESSES])
    facts = []
    if event.exploited:
        facts.append(f"known to be exploited since {event.exploited} (CISA KEV)")
    if event.epss is not None:
        facts.append(f"exploited within 30 days with probability {event.epss:.3f} (EPSS)")
    if facts:
        found.append(("urgency", "; ".join(facts)))
    found.extend(("do", text) for text in advice(event))
    return [(label, plain(text)) for label, text in found]


def _origin(one: Witness) -> str:
    """A document of the record, who brought it, and whose signature it has."""
    signed = f"signed by {one.signer}" if one.signer else "not signed"
    return f"{one.kind} {one.document}, collected by {one.collector or 'nobody named'}, {signed}"


def advice(event: Event) -> list[str]:
    """What to do, each a sentence or a command."""
    if event.kind in _OVER:
        return ["Nothing: it does not affect this product any more."]
    try:
        package = Package.parse(event.package)
        name, version = package.full_name, package.version
    except InputError:
        name, version = event.package, ""
    if event.severity == "malicious":
        return [
            f"Remove {name} {version}; treat machines that installed it as compromised and "
            "rotate their credentials."
        ]
    found = []
    if event.fixed:
        found.append(f"Upgrade {name} to {event.fixed[0]}: pratique fix --record")
    else:
        found.append(f"No fixed version of {name} is known: replace it, or judge it.")
    found.append(
        f"If it does not matter: pratique triage set {shlex.quote(event.vulnerability)} "
        f"-p {shlex.quote(event.product)} --package {shlex.quote(event.package)} "
        "-s not_affected -m REASON"
    )
    return found


def subject(events: Sequence[Event]) -> str:
    """The subject of a message."""
    if len(events) == 1:
        return headline(events[0])
    worst = min((one.severity for one in events), key=lambda one: one.rank)
    products = len({one.product for one in events})
    noun = "product" if products == 1 else "products"
    return f"{len(events)} changes in {products} {noun}, worst: {worst}"


def as_text(events: Sequence[Event]) -> str:
    """Events as plain text."""
    parts = []
    for event in events:
        rows = [f"  {label:8} {text}" for label, text in lines(event)]
        parts.append("\n".join([headline(event), *rows]))
    return "\n\n".join(parts) + "\n"


def as_html(events: Sequence[Event]) -> str:
    """Events as HTML; everything of elsewhere is escaped."""
    parts = []
    for event in events:
        rows = "".join(
            f"<tr><th align=left>{html.escape(label)}</th><td>{html.escape(text)}</td></tr>"
            for label, text in lines(event)
        )
        parts.append(f"<h3>{html.escape(headline(event))}</h3><table>{rows}</table>")
    return f"<!doctype html><html><body>{''.join(parts)}</body></html>"


def as_slack(events: Sequence[Event]) -> str:
    """Events in Slack's mrkdwn, whose three characters are escaped."""

    def safe(text: str) -> str:
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    parts = []
    for event in events:
        rows = [f"{label}: {safe(text)}" for label, text in lines(event)]
        parts.append("\n".join([f"*{safe(headline(event)).replace('*', '')}*", *rows]))
    return "\n\n".join(parts)
