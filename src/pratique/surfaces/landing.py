"""What a server answers at ``/``: what it is, and where its description is.

One page without script and without anything loaded, for people; the same as JSON for programs. It
is answered without a token, and so says nothing that is not in the program itself, but for what a
server's own health page says to everyone.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from html import escape
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from pratique import __version__

if TYPE_CHECKING:
    from starlette.requests import Request

STYLE = """\
:root{color-scheme:light dark;--bg:#f4f6f8;--card:#fff;--ink:#17222d;--soft:#4d5b69;--line:#d5dce3;\
--link:#0a5a86}
@media (prefers-color-scheme:dark){:root{--bg:#0e151b;--card:#16202a;--ink:#e6edf3;--soft:#a9b7c4;\
--line:#2c3a47;--link:#7cc4f0}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,sans-serif;\
overflow-wrap:anywhere}
main{max-width:56rem;margin:0 auto;padding:1.5rem 1rem 3rem}
h1{font-size:1.7rem;line-height:1.2;margin:.5rem 0}
h2{font-size:1.2rem;margin:2rem 0 .5rem}
a{color:var(--link);text-underline-offset:.15em}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
code{font-family:ui-monospace,"DejaVu Sans Mono",monospace;font-size:.9em}
dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.25rem 1rem;margin:1rem 0}
dt{color:var(--soft)}
dd{margin:0}
ul{list-style:none;margin:0;padding:0;background:var(--card);border:1px solid var(--line);\
border-radius:8px}
li{padding:.6rem .9rem}
li+li{border-top:1px solid var(--line)}
li p{margin:0;color:var(--soft)}
"""

_HASH = base64.b64encode(sha256(STYLE.encode()).digest()).decode()

HEADERS = {
    "content-security-policy": f"default-src 'none'; style-src 'sha256-{_HASH}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "vary": "accept",
}
"""Of both answers: nothing is loaded or run, and one style is admitted (CSP level 3)."""

State = Mapping[str, str | int]
"""What is told of the server's state, by its name in JSON."""


class Endpoint(msgspec.Struct, frozen=True):
    """What can be asked."""

    method: str
    path: str
    summary: str
    needs: bool = False
    """Whether it needs parameters: its address alone is no question."""


def landing(
    description: dict[str, Any],
    state: Callable[[], State] = dict,
    more: Sequence[Endpoint] = (),
) -> Route:
    """The route of ``/``.

    Args:
        description: Of the server, as OpenAPI 3.1; its title, text and paths are shown.
        state: What may be told to everyone of what is served now.
        more: Endpoints that the description does not have.
    """
    endpoints = [
        Endpoint(
            method.upper(),
            path,
            str(one.get("summary") or ""),
            needs=any(each.get("required") for each in one.get("parameters", ())),
        )
        for path, methods in description["paths"].items()
        for method, one in methods.items()
    ]
    endpoints += more
    about = {
        "server": description["info"]["title"],
        "version": __version__,
        "description": description["info"]["description"],
    }

    async def answer(request: Request) -> Response:
        """Say what this server is."""
        now = state()
        if _wants_page(request.headers.get("accept", "")):
            page = _page(about, now, endpoints)
            return Response(page, headers=HEADERS, media_type="text/html")
        value = {**about, **now, "openapi": "/openapi.json", "endpoints": endpoints}
        return Response(msgspec.json.encode(value), headers=HEADERS, media_type="application/json")

    return Route("/", answer, methods=["GET"])


def _wants_page(accept: str) -> bool:
    """Whether HTML is among what is accepted (RFC 9110, section 12.5.1)."""
    for one in accept[:1000].split(","):
        kind, *parameters = (word.strip().lower() for word in one.split(";"))
        if kind == "text/html":
            return all(word.rstrip("0.") != "q=" for word in parameters)
    return False


def _page(about: Mapping[str, str], state: State, endpoints: Sequence[Endpoint]) -> str:
    facts = {"version": about["version"], **state}
    rows = "".join(
        f"<dt>{escape(name.replace('_', ' '))}</dt><dd>{escape(_shown(value))}</dd>"
        for name, value in facts.items()
    )
    items = "".join(map(_item, endpoints))
    title = escape(about["server"])
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style></head>\n"
        f"<body><main><h1>{title}</h1><p>{escape(about['description'])}</p><dl>{rows}</dl>"
        '<p><a href="/openapi.json">Description of the interface (OpenAPI 3.1, JSON)</a></p>'
        f"<h2>What can be asked</h2><ul>{items}</ul></main></body></html>\n"
    )


def _shown(value: str | int) -> str:
    return f"{value:,}" if isinstance(value, int) else value


def _item(one: Endpoint) -> str:
    """An endpoint; what needs no more than its address is a link."""
    path = escape(one.path)
    plain = one.method == "GET" and "{" not in one.path and not one.needs
    named = f'<a href="{path}">{path}</a>' if plain else path
    return f"<li><code>{escape(one.method)} {named}</code><p>{escape(one.summary)}</p></li>"
