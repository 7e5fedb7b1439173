"""GUAC's REST paths: seven questions about packages and artifacts.

Answers and errors have the shapes of its OpenAPI description.  Something that the
record does not have is an error, not an empty list: nothing known of a package is
not the same as nothing wrong with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from pratique.model.errors import EvidenceError, InputError, PratiqueError
from pratique.model.evidence import Verb
from pratique.model.nouns import Artifact
from pratique.model.purl import Package
from pratique.store import nouns as kinds
from pratique.store.nodes import open_nodes
from pratique.store.nouns import Noun, NounKind
from pratique.surfaces.guac.claims import find_claims, nodes_of
from pratique.surfaces.guac.errors import RequestError
from pratique.surfaces.guac.nouns import NO_VULNERABILITY, artifact_noun

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from starlette.requests import Request

    from pratique.store.engine import Store
    from pratique.store.nodes import Nodes

Json = Any

MAX_PAGE = 10_000
"""Items of a page; all are given where no size is asked for."""

MAX_REACHED = 200_000
"""Packages that a package is followed to."""

_encode = msgspec.json.Encoder().encode

_ACTIONS = ("vulns", "dependencies")


def paths(
    store: Store,
    grant: Callable[[Request], Any],
    refused: type[Exception],
    work: Callable[[Callable[[], Response]], Awaitable[Response]],
) -> list[Route]:
    """The routes.

    Args:
        store: The record.
        grant: Gives what a request may see (``tenant``), or raises.
        refused: What that raises, with ``status`` and ``message``.
        work: Runs a job in a thread.
    """

    def route(answer: Callable[[Nodes, Request], Json]) -> Callable[..., Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            """Answer one request for whoever sends it."""
            try:
                tenant = grant(request).tenant
            except refused as error:
                return _error(error.message, error.status)  # type: ignore[attr-defined]

            def job() -> Response:
                """Ask the record, in a thread."""
                try:
                    with open_nodes(store, tenant) as nodes:
                        return _json(answer(nodes, request))
                except EvidenceError:
                    return _error("the record cannot be read", 502)
                except PratiqueError as error:
                    return _error(error.message, 400)

            return await work(job)

        return handle

    async def health(_: Request) -> Response:
        """Say that the server is there."""
        return _json("the server is healthy")

    return [
        Route("/healthz", health, methods=["GET"]),
        Route("/analysis/dependencies", route(_analysis), methods=["GET"]),
        Route("/v0/package/{purl:path}", route(_package), methods=["GET"]),
        Route("/v0/artifact/{digest:path}", route(_artifact), methods=["GET"]),
    ]


def _json(value: Json, status: int = 200) -> Response:
    return Response(_encode(value), status, media_type="application/json")


def _error(message: str, status: int) -> Response:
    return _json({"Message": message}, status)


def _subject(request: Request, head: str) -> tuple[str, str]:
    """What a path is about, and what is asked of it.

    The subject is one encoded segment; a slash that is not encoded belongs to it
    too, but for the last word where that is an action.
    """
    raw: bytes | None = request.scope.get("raw_path")
    if raw is None:  # the server gives but the decoded path (ASGI 3.0, "HTTP Connection Scope")
        text, encoded = request.scope["path"], False
    else:
        text, encoded = raw.partition(b"?")[0].decode("latin-1"), True
    subject, slash, action = text.removeprefix(head).rpartition("/")
    if not slash or action not in _ACTIONS:
        subject, action = text.removeprefix(head), ""
    return unquote(subject) if encoded else subject, action


def _flag(parameters: Mapping[str, str], name: str) -> bool:
    text = parameters.get(name, "false").lower()
    if text not in {"true", "false"}:
        raise RequestError(f"{name} is true or false")
    return text == "true"


def _slice(rows: list[Json], parameters: Mapping[str, str]) -> tuple[list[Json], str]:
    """A page of a list, and the cursor of the next."""
    size = parameters.get("PageSize", "")
    cursor = parameters.get("Cursor", "")
    for name, text in (("PageSize", size), ("Cursor", cursor)):
        if text and not (text.isascii() and text.isdecimal() and len(text) < 10):
            raise RequestError(f"{name} is not one that was given, or not a number")
    if size and not 0 < int(size) <= MAX_PAGE:
        raise RequestError(f"PageSize is from 1 to {MAX_PAGE:,}")
    start = int(cursor or 0)
    if not size:
        return rows[start:], ""
    end = start + int(size)
    return rows[start:end], str(end) if end < len(rows) else ""


def _purl_list(texts: Iterable[str], parameters: Mapping[str, str]) -> Json:
    every = sorted(set(texts))
    shown, following = _slice(every, parameters)
    info: dict[str, Json] = {"TotalCount": len(every)}
    if following:
        info["NextCursor"] = following
    return {"PaginationInfo": info, "PurlList": shown}


# /analysis/dependencies


def _analysis(nodes: Nodes, request: Request) -> Json:
    sort = request.query_params.get("sort")
    if sort == "frequency":
        rows = nodes.dependents(sort="most")
    elif sort == "scorecard":
        rows = _by_scorecard(nodes)
    else:
        raise RequestError("sort is frequency or scorecard")
    shown, _ = _slice(rows, request.query_params)
    return [{"Name": name, "DependentCount": count} for name, count in shown]


def _by_scorecard(nodes: Nodes) -> list[tuple[str, int]]:
    """Packages whose source has a score, the lowest first."""
    scores: dict[Noun, float] = {}
    newest: dict[Noun, str] = {}
    for node in find_claims(nodes, "CertifyScorecard", {}):
        source, card = node["source"]["_noun"], node["scorecard"]
        if card["timeScanned"] >= newest.get(source, ""):
            newest[source], scores[source] = card["timeScanned"], card["aggregateScore"]
    numbers = nodes.numbers(scores)
    lowest: dict[Noun, float] = {}
    for claim in nodes.claims([Verb.HAS_SOURCE_AT], naming=numbers.values()):
        if claim.object is None or claim.subject.kind not in _PACKAGES:
            continue
        name = kinds.parent(claim.subject) if claim.subject.kind is NounKind.PACKAGE else None
        name = name or claim.subject
        lowest[name] = min(scores[claim.object], lowest.get(name, 10.0))
    counts = dict(nodes.dependents(names=nodes.numbers(lowest).values())) if lowest else {}
    ordered = sorted(lowest.items(), key=lambda row: (row[1], row[0].text))
    return [(noun.text, counts.get(noun.text, 0)) for noun, _ in ordered]


_PACKAGES = {NounKind.PACKAGE, NounKind.PACKAGE_NAME}

# /v0/package/{purl}


def _package(nodes: Nodes, request: Request) -> Json:
    text, action = _subject(request, "/v0/package/")
    found = _packages(nodes, text)
    if action == "vulns":
        every = set(found)
        if _flag(request.query_params, "includeDependencies"):
            every |= _needed(nodes, found)
        return _vulnerabilities(nodes, every)
    if action == "dependencies":
        return _purl_list((noun.text for noun in _needed(nodes, found)), request.query_params)
    return _purl_list((noun.text for noun in found), request.query_params)


def _packages(nodes: Nodes, text: str) -> list[Noun]:
    """Packages that a package URL means; what it leaves out may be anything.

    Raises:
        RequestError: It is none, or the record has no such package.
    """
    try:
        asked = Package.parse(text)
    except InputError as error:
        raise RequestError(error.message) from None
    found = []
    for noun in nodes.below(Noun(NounKind.PACKAGE_NAME, str(asked.without_version()))):
        one = Package.parse(noun.text)
        if asked.version and one.version != asked.version:
            continue
        if asked.subpath and one.subpath != asked.subpath:
            continue
        if set(asked.qualifiers) <= set(one.qualifiers):
            found.append(noun)
    if not found:
        raise RequestError("the record has no such package")
    return found


def _needed(nodes: Nodes, packages: Iterable[Noun]) -> set[Noun]:
    """Everything that packages depend on, however far away.

    Raises:
        RequestError: It is too much.
    """
    start = set(nodes.numbers(packages).values())
    seen = set(start)
    frontier = set(start)
    roots = nodes.record.described_by(start)
    for _, graph in nodes.graphs(roots):
        frontier.update(graph.nodes[root] for root in graph.roots)
    seen |= frontier
    while frontier:
        step = {other for _, other in nodes.record.neighbours(frontier, dependents=False)}
        claims = nodes.claims([Verb.IS_DEPENDENCY], about=frontier)
        objects = [one.object for one in claims if one.object is not None]
        step.update(nodes.numbers(objects).values())
        frontier = step - seen
        seen |= frontier
        if len(seen) > MAX_REACHED:
            raise RequestError(f"it depends on over {MAX_REACHED:,} packages")
    texts = nodes.record.texts(seen - start)
    return {Noun(NounKind.PACKAGE, text) for text in texts.values() if text.startswith("pkg:")}


def _vulnerabilities(nodes: Nodes, packages: Iterable[Noun]) -> Json:
    numbers = nodes.numbers(packages).values()
    claims = nodes.claims([Verb.CERTIFY_VULN], about=numbers)
    rows = []
    for node in nodes_of(nodes, claims):
        named = node["vulnerability"]
        if named["type"] == NO_VULNERABILITY:
            continue
        scan = {key: value for key, value in node["metadata"].items() if value != ""}
        for key in ("__typename", "documentRef"):
            scan.pop(key, None)
        rows.append(
            {
                "package": node["package"]["_noun"].text,
                "vulnerability": {
                    "type": named["type"],
                    "vulnerabilityIDs": [
                        one["vulnerabilityID"] for one in named["vulnerabilityIDs"]
                    ],
                },
                "metadata": scan,
            }
        )
    return sorted(rows, key=lambda row: (row["package"], row["vulnerability"]["vulnerabilityIDs"]))


# /v0/artifact/{digest}


def _artifact(nodes: Nodes, request: Request) -> Json:
    text, action = _subject(request, "/v0/artifact/")
    if not action:
        raise RequestError("ask for /vulns or /dependencies of an artifact")
    algorithm, colon, digest = text.partition(":")
    if not colon or not algorithm or not digest:
        raise RequestError("an artifact is written algorithm:digest")
    try:
        Artifact.parse(text)
    except InputError as error:
        raise RequestError(error.message) from None
    noun = artifact_noun(algorithm, digest)
    number = nodes.numbers(nodes.nouns([noun.key]).values()).get(noun)
    if number is None:
        raise RequestError("the record has no such artifact")
    occurs = nodes.claims([Verb.IS_OCCURRENCE], naming=[number])
    packages = {one.subject for one in occurs if one.subject.kind is NounKind.PACKAGE}
    within = _inside(nodes, number)
    if action == "vulns":
        return _vulnerabilities(nodes, packages | within)
    return _purl_list((one.text for one in _needed(nodes, packages) | within), request.query_params)


def _inside(nodes: Nodes, artifact: int) -> set[Noun]:
    """Packages in the bills of materials of an artifact."""
    claims = nodes.claims([Verb.HAS_SBOM], about=[artifact])
    makers = nodes.makers(claim.key for claim in claims)
    numbers: set[int] = set()
    for _, graph in nodes.graphs({one for several in makers.values() for one in several}):
        numbers.update(graph.nodes)
    return {Noun(NounKind.PACKAGE, text) for text in nodes.record.texts(numbers).values()}
