"""The bill as one self-contained HTML page.

Nothing is loaded from anywhere: style and script are inline, and the page's
own content security policy admits just these two, by their hashes.  Without
script all of it is there; with script it can be searched, filtered and sorted.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from pratique.model.severity import Severity
from pratique.report.links import is_web
from pratique.report.severities import HEALTH_SYMBOLS, SYMBOLS, score
from pratique.report.text import age, count, day, minute, printable
from pratique.report.views import (
    Group,
    grouped,
    judged,
    licenses,
    questions,
    settled,
    severities,
)

if TYPE_CHECKING:
    from jinja2 import Template

    from pratique.model.bill import BillOfHealth

MAX_COMPONENTS = 20_000
"""Components listed one by one.  More make a page that browsers are slow to
open; the rest is counted, and the JSON output has all of it."""


def render(bill: BillOfHealth, *, color: bool = False, width: int = 100) -> str:
    """The page, UTF-8, HTML5."""
    del color, width
    style, script = _part("bill.css"), _part("bill.js")
    groups = grouped(bill)
    page = _template().render(
        bill=bill,
        groups=groups,
        chart=_chart(bill),
        questions=questions(bill),
        settled=settled(bill),
        licenses=licenses(bill),
        components=_components(bill),
        hidden_components=max(len(bill.inventory.components) - MAX_COMPONENTS, 0),
        style=style,
        script=script,
        policy=policy(style, script),
    )
    return page.rstrip() + "\n"


def policy(style: str, script: str) -> str:
    """Content security policy (level 3) that admits one style and one script.

    Args:
        style: Text between the tags of the style element.
        script: Text between the tags of the script element.
    """
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _part(name: str) -> str:
    folder = resources.files("pratique.report") / "templates"
    return (folder / name).read_text(encoding="utf-8")


@cache
def _template() -> Template:
    """The template; whatever it prints is made printable and then escaped."""
    import jinja2

    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "age": age,
        "day": day,
        "minute": minute,
        "score": score,
        "web": lambda references: [one for one in references if is_web(one.url)],
        "trusted": _trusted,
    }
    environment.globals |= {
        "count": count,
        "symbols": SYMBOLS,
        "ranks": {severity.value: severity.rank for severity in Severity},
        "health_symbols": HEALTH_SYMBOLS,
        "keywords": _keywords,
    }
    return environment.from_string(_part("bill.html.j2"))


def _shown(value: Any) -> Any:
    """Every text on the page, with what is invisible in it written out."""
    if type(value) is str:
        return printable(value)
    return value


def _trusted(text: str) -> Any:
    """Our own style and script, which alone are not escaped."""
    from markupsafe import Markup

    return Markup(text)  # noqa: S704 - two files of this package, no data


def _chart(bill: BillOfHealth) -> list[dict[str, Any]]:
    """Bars of the chart: place and length in percent of the whole."""
    tally = severities(bill)
    whole = sum(number for _, number in tally)
    bars: list[dict[str, Any]] = []
    start = 0.0
    for severity, number in tally:
        share = 100 * number / whole
        bars.append(
            {
                "severity": severity,
                "symbol": SYMBOLS[severity],
                "number": number,
                "start": round(start, 3),
                "share": round(share, 3),
            },
        )
        start += share
    return bars


def _components(bill: BillOfHealth) -> list[tuple[str, ...]]:
    """Name, version, ecosystem, relation, licence, why it is unknown, advisories, place."""
    affected = _affected(bill)
    rows: list[tuple[str, ...]] = []
    for component, health in judged(bill):
        if len(rows) == MAX_COMPONENTS:
            break
        package = component.package
        place = component.locations[0] if component.locations else ""
        worst = affected.get(str(package))
        rows.append(
            (
                package.full_name,
                package.version,
                component.ecosystem or package.type,
                component.relation.value,
                health.license,
                health.license_reason,
                worst.value if worst else "",
                "" if health.advisories == "checked" else health.advisories or "not looked up",
                str(place),
            ),
        )
    return rows


def _affected(bill: BillOfHealth) -> dict[str, Severity]:
    return {group.subject.text: group.severity for group in grouped(bill)}


def _keywords(group: Group) -> str:
    """What the search box looks through for one package, beyond what is on the page."""
    words = [group.subject.text, *(name for path in group.paths for name in path)]
    return " ".join(dict.fromkeys(words))[:2000].lower()
