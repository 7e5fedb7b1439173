"""The OpenAPI description of what is served; ``docs/schemas/osv-api.openapi.json`` is this.

The shapes are those of OSV.dev's ``osv_service_v1`` and of the OSV schema 1.7.5.
"""

from __future__ import annotations

from typing import Any

from pratique import __version__
from pratique.advisories.libraries import MAX_FILES
from pratique.advisories.npm_audit import MAX_PACKAGES, MAX_VERSIONS
from pratique.advisories.questions import MAX_ID, MAX_QUERIES, MAX_TEXT
from pratique.formats.json_writing import indented_json

Json = dict[str, Any]


def text() -> str:
    """The description as a file has it."""
    return indented_json(description()).decode()


def description() -> Json:
    """The description (OpenAPI 3.1.0)."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Pratique: advisories",
            "version": __version__.partition("+")[0],
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "description": "OSV.dev's API and npm's audit, from the advisories of one "
            "organisation. A response that lists less than may be true says so in the header "
            "pratique-incomplete.",
        },
        "paths": _paths(),
        "components": {"schemas": _schemas()},
    }


def _paths() -> Json:
    determine = _post(
        "Say which library a set of files is.", "VersionQuery", "VersionMatchList", also=(501,)
    )
    findings = _get(
        "List what is wrong with the records of a source.", "ImportFindingList", parameter="source"
    )
    return {
        "/healthz": {"get": _get("Say that the server is ready.", "Health")},
        "/v1/query": {
            "post": _post("List what affects one package version or commit.", "Query",
                          "VulnerabilityList")
        },
        "/v1/querybatch": {
            "post": _post(f"List what affects up to {MAX_QUERIES} of them, by id.", "BatchQuery",
                          "BatchVulnerabilityList")
        },
        "/v1/vulns/{id}": {
            "get": _get("Give one record.", "Vulnerability", parameter="id", longest=MAX_ID)
        },
        "/v1experimental/determineversion": {
            "post": determine | {"operationId": "determineVersion"}
        },
        "/v1/determineversion": {"post": determine | {"operationId": "determineVersionV1"}},
        "/v1experimental/importfindings/{source}": {"get": findings},
        "/v1/importfindings/{source}": {
            "get": findings | {"operationId": "getImportFindingListV1"}
        },
        "/-/npm/v1/security/advisories/bulk": {
            "post": _post("List what affects versions of npm packages.", "NpmBulkQuery",
                          "NpmBulkAdvisories")
        },
        "/{name}": {
            "get": _get("Give the package document of an npm package that has advisories.",
                        "NpmPackument", parameter="name")
        },
    }  # fmt: skip


def _get(summary: str, answer: str, *, parameter: str = "", longest: int = 0) -> Json:
    operation: Json = {"summary": summary, "operationId": f"get{answer}"}
    if parameter:
        schema: Json = {"type": "string", "minLength": 1}
        operation["parameters"] = [
            {
                "name": parameter,
                "in": "path",
                "required": True,
                "schema": schema | ({"maxLength": longest} if longest else {}),
            }
        ]
    return operation | {"responses": _responses(answer, (400, 404) if parameter else ())}


def _post(summary: str, body: str, answer: str, *, also: tuple[int, ...] = ()) -> Json:
    return {
        "summary": summary,
        "operationId": f"post{body}",
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _ref(body)}},
        },
        "responses": _responses(answer, (400, 413, *also)),
    }


_MEANINGS = {
    400: "The request is put wrongly.",
    404: "There is nothing of that name.",
    413: "The body is too large.",
    501: "No libraries are known to the server.",
}


def _responses(answer: str, errors: tuple[int, ...]) -> Json:
    good: Json = {
        "description": "The answer.",
        "content": {"application/json": {"schema": _ref(answer)}},
    }
    return {"200": good} | {
        str(status): {
            "description": _MEANINGS[status],
            "content": {"application/json": {"schema": _ref("Status")}},
        }
        for status in errors
    }


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _list(item: Json, longest: int = 0) -> Json:
    return {"type": "array", "items": item} | ({"maxItems": longest} if longest else {})


def _object(required: tuple[str, ...] = (), **properties: Json) -> Json:
    made: Json = {"type": "object", "properties": properties}
    return made | ({"required": list(required)} if required else {})


_TEXT: Json = {"type": "string"}
_LIMITED: Json = {"type": "string", "maxLength": MAX_TEXT}
_WHEN: Json = {"type": "string", "format": "date-time"}
_MAYBE: Json = {"type": ["string", "null"], "maxLength": MAX_TEXT}


def _schemas() -> Json:
    return {
        "Status": _object(("code", "message"), code={"type": "integer"}, message=_TEXT),
        "Health": _object(
            ("status", "generation", "as_of", "records"),
            status={"const": "ok"},
            generation=_TEXT,
            as_of=_WHEN,
            records={"type": "integer"},
            problem=_TEXT,
        ),
        **_questions(),
        **_answers(),
        **_record(),
        **_npm(),
    }


def _questions() -> Json:
    hash = _object(
        hash={"type": "string", "contentEncoding": "base64"},
        file_path=_TEXT,
        hash_type={"const": "MD5"},
    )
    package = _object(name=_MAYBE, ecosystem=_MAYBE, purl=_MAYBE)
    return {
        "Query": _object(
            commit=_MAYBE,
            version=_MAYBE,
            package={"anyOf": [package, {"type": "null"}]},
            page_token=_MAYBE,
        ),
        "BatchQuery": _object(queries=_list(_ref("Query"), MAX_QUERIES)),
        "VersionQuery": _object(name=_TEXT, file_hashes=_list(hash, MAX_FILES)),
        "NpmBulkQuery": {
            "type": "object",
            "maxProperties": MAX_PACKAGES,
            "propertyNames": {"maxLength": MAX_TEXT},
            "additionalProperties": _list(_LIMITED, MAX_VERSIONS),
        },
    }


def _answers() -> Json:
    head = _object(("id", "modified"), id=_TEXT, modified=_WHEN)
    finding = _object(
        ("bug_id", "source", "findings", "first_seen", "last_attempt"),
        bug_id=_TEXT,
        source=_TEXT,
        findings=_list({"type": "string", "pattern": "^IMPORT_FINDING_TYPE_"}),
        first_seen=_WHEN,
        last_attempt=_WHEN,
    )
    match = _object(
        ("score", "repo_info"),
        score={"type": "number", "exclusiveMinimum": 0, "maximum": 1},
        repo_info=_object(("version",), type=_TEXT, address=_TEXT, version=_TEXT),
        minimum_file_matches={"type": "string", "pattern": "^[0-9]+$"},
        estimated_diff_files={"type": "string", "pattern": "^[0-9]+$"},
    )
    return {
        "VulnerabilityList": _object(vulns=_list(_ref("Vulnerability")), next_page_token=_TEXT),
        "BatchVulnerabilityList": _object(
            ("results",), results=_list(_object(vulns=_list(head), next_page_token=_TEXT))
        ),
        "ImportFindingList": _object(("invalid_records",), invalid_records=_list(finding)),
        "VersionMatchList": _object(("matches",), matches=_list(match)),
    }


def _record() -> Json:
    event: Json = {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "properties": dict.fromkeys(("introduced", "fixed", "last_affected", "limit"), _TEXT),
        "additionalProperties": False,
    }
    severity = _list(_object(("type", "score"), type=_TEXT, score=_TEXT))
    ranges = _list(
        _object(
            ("type", "events"),
            type={"enum": ["GIT", "SEMVER", "ECOSYSTEM"]},
            repo=_TEXT,
            events=_list(event) | {"minItems": 1},
            database_specific={"type": "object"},
        )
    )
    affected = _object(
        package=_object(("ecosystem", "name"), ecosystem=_TEXT, name=_TEXT, purl=_TEXT),
        severity=severity,
        ranges=ranges,
        versions=_list(_TEXT),
        ecosystem_specific={"type": "object"},
        database_specific={"type": "object"},
    )
    ids = dict.fromkeys(("aliases", "related", "upstream"), _list(_TEXT))
    return {
        "Vulnerability": _object(
            ("id", "modified", "affected"),
            schema_version=_TEXT,
            id=_TEXT,
            **dict.fromkeys(("modified", "published", "withdrawn"), _WHEN),
            **ids,
            summary=_TEXT,
            details=_TEXT,
            severity=severity,
            affected=_list(affected),
            references=_list(_object(("type", "url"), type=_TEXT, url=_TEXT)),
            credits=_list(_object(("name",), name=_TEXT, contact=_list(_TEXT), type=_TEXT)),
            database_specific={"type": "object"},
        )
    }


def _npm() -> Json:
    advisory = _object(
        ("id", "url", "title", "severity", "vulnerable_versions", "cwe", "cvss"),
        id={"type": "integer"},
        url=_TEXT,
        title=_TEXT,
        severity={"enum": ["info", "low", "moderate", "high", "critical"]},
        vulnerable_versions={"type": "string", "minLength": 1},
        cwe=_list(_TEXT),
        cvss=_object(
            ("score", "vectorString"),
            score={"type": "number"},
            vectorString={"type": ["string", "null"]},
        ),
    )
    version = _object(("name", "version"), name=_TEXT, version=_TEXT, dist={"type": "object"})
    return {
        "NpmBulkAdvisories": {"type": "object", "additionalProperties": _list(advisory)},
        "NpmPackument": _object(
            ("name", "dist-tags", "versions"),
            **{
                "name": _TEXT,
                "dist-tags": {"type": "object", "additionalProperties": _TEXT},
                "versions": {"type": "object", "additionalProperties": version},
            },
        ),
    }
