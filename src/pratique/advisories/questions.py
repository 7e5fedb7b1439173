"""Questions of the OSV API: read, checked, and made into queries of the index.

Source: OSV.dev, *API* (``POST /v1/query``, ``POST /v1/querybatch``) and the
behaviour of its server at google/osv.dev 7e6c18987919; error texts are its own,
for clients and their users search for them.
"""

from __future__ import annotations

import base64
import binascii
from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from pratique.formats.osv.affected import EARLIER_NAMES
from pratique.model.advisory import Query
from pratique.model.ecosystems import GIT, advisory_name, advisory_version, ecosystem_of, known
from pratique.model.errors import InputError
from pratique.model.purl import Package

MAX_QUERIES = 1000
"""Questions in one batch, as in OSV.dev."""

MAX_ID = 100
"""Longest id that is looked up, as in OSV.dev."""

MAX_TEXT = 1000
"""Longest name or version that is looked up; no record has a longer one."""

FIRST_PAGE = base64.b64encode(b"FIRST_PAGE_TOKEN").decode()
"""Token with which OSV.dev asks to begin anew."""

INVALID_ARGUMENT, DEADLINE_EXCEEDED, NOT_FOUND = 3, 4, 5
RESOURCE_EXHAUSTED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE = 8, 12, 13, 14
"""Codes of gRPC, which OSV.dev answers with."""

_HOSTS = {"bitbucket": "bitbucket.org", "github": "github.com", "gitlab": "gitlab.com"}
"""Where the repositories of these types of package URLs are."""

T = TypeVar("T")


class ApiError(Exception):
    """A request that is answered with an error.

    Args:
        message: For whoever asked.
        code: Of gRPC.
        status: Of HTTP.
    """

    def __init__(self, message: str, code: int = INVALID_ARGUMENT, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = status


class PackageBody(msgspec.Struct):
    """``package`` of a question."""

    name: str | None = None
    ecosystem: str | None = None
    purl: str | None = None


class QueryBody(msgspec.Struct):
    """One question as it is written."""

    commit: str | None = None
    version: str | None = None
    package: PackageBody | None = None
    page_token: str | None = None
    page_token_camel: str | None = msgspec.field(default=None, name="pageToken")


class BatchBody(msgspec.Struct):
    """A batch of questions."""

    queries: list[QueryBody] | None = None


class Question(msgspec.Struct, frozen=True):
    """A question that is well put."""

    query: Query | None
    """``None`` where its package URL is of no ecosystem: nothing is known of it."""

    after: str = ""
    """Id of the last record of the page before."""


_query = msgspec.json.Decoder(QueryBody)
_batch = msgspec.json.Decoder(BatchBody)


def read_query(body: bytes) -> Question:
    """The question of ``/v1/query``.

    Raises:
        ApiError: It is not one, or is put wrongly.
    """
    return question(decoded(_query, body))


def read_batch(body: bytes) -> list[Question]:
    """The questions of ``/v1/querybatch``.

    Raises:
        ApiError: They are not, or one is put wrongly, or there are too many.
    """
    queries = decoded(_batch, body).queries or []
    if len(queries) > MAX_QUERIES:
        raise ApiError("too many queries")
    questions = []
    for place, each in enumerate(queries):
        try:
            questions.append(question(each))
        except ApiError as error:
            raise ApiError(
                f"error in query at index {place}: rpc error: code = InvalidArgument "
                f"desc = {error.message}"
            ) from None
    return questions


def decoded(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """A body of JSON.

    Raises:
        ApiError: It is none, or its fields are of other types.
    """
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ApiError(f"invalid JSON: {error}") from None
    except RecursionError:
        raise ApiError("invalid JSON: it is nested too deeply") from None


def question(body: QueryBody) -> Question:
    """Check one question, in the order in which OSV.dev does.

    Raises:
        ApiError: It is put wrongly.
    """
    after = _after(body.page_token or body.page_token_camel or "")
    if body.commit or (body.commit is not None and not body.version):
        if body.version:
            raise ApiError("commit and version specified in one query")
        return Question(Query(ecosystem="", name="", commit=_commit(body.commit)), after)
    if body.package is None:
        raise ApiError("invalid query")
    name, ecosystem = body.package.name or "", body.package.ecosystem or ""
    version = body.version or ""
    if body.package.purl:
        if name:
            raise ApiError("name specified in a PURL query")
        if ecosystem:
            raise ApiError("ecosystem specified in a PURL query")
        ecosystem, name, own = _purl(body.package.purl)
        if own and version:
            raise ApiError("version specified in params and PURL query")
        version = version or own
        if not ecosystem:
            return Question(None, after)
    if ecosystem and not _known(ecosystem):
        raise ApiError("invalid ecosystem")
    if not name or (not ecosystem and not version):
        raise ApiError("invalid query")
    if max(len(name), len(version)) > MAX_TEXT:
        raise ApiError("invalid query")
    return Question(Query(ecosystem=ecosystem, name=name, version=version), after)


@lru_cache(maxsize=1024)
def _known(ecosystem: str) -> bool:
    return known(ecosystem) or ecosystem in EARLIER_NAMES or ecosystem == GIT


def _commit(text: str) -> str:
    try:
        commit = binascii.unhexlify(text).hex()
    except (binascii.Error, ValueError):
        commit = ""
    if not commit or len(commit) > MAX_TEXT:
        raise ApiError("invalid hash")
    return commit


def _purl(text: str) -> tuple[str, str, str]:
    """Ecosystem, name and version of a package URL; all empty where it is of no ecosystem."""
    try:
        package = Package.parse(text)
    except InputError as error:
        raise ApiError(f"invalid PURL: {error.message}") from None
    if package.type in _HOSTS:
        # OSV.dev knows nothing of these; the repository is the one that it calls GIT.
        return GIT, f"{_HOSTS[package.type]}/{package.full_name}", package.version
    ecosystem = ecosystem_of(package)
    if not ecosystem:
        return "", "", ""
    return ecosystem, advisory_name(package), advisory_version(package)


def page_token(identifier: str) -> str:
    """Token for the records after one."""
    return base64.urlsafe_b64encode(f"after:{identifier}".encode()).decode()


def _after(token: str) -> str:
    if not token or token == FIRST_PAGE:
        return ""
    try:
        text = base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except (ValueError, UnicodeDecodeError):
        text = ""
    if not text.startswith("after:") or len(text) > MAX_TEXT:
        raise ApiError("invalid cursor")
    return text.removeprefix("after:")


def error_body(message: str, code: int) -> dict[str, Any]:
    """An error as OSV.dev writes it (``google.rpc.Status``)."""
    return {"code": code, "message": message}
