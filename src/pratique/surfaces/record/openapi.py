"""The OpenAPI description of the record's own questions."""

from __future__ import annotations

from typing import Any

from pratique import __version__
from pratique.surfaces.record.questions import MAX_PAGE, MAX_TEXT, QUESTIONS, Parameter, Question

Json = dict[str, Any]

PREFIX = "/api/v1/record"

_ERROR: Json = {
    "type": "object",
    "required": ["message"],
    "properties": {"message": {"type": "string"}, "remedy": {"type": "string"}},
}
_STATUSES = {
    "400": "A parameter is missing or unfit.",
    "401": "The token is missing or not known.",
    "403": "The token may not do that.",
    "503": "The record cannot be read.",
}
_NOTHING_ODD = "^[^\\x00]*$"


def description() -> Json:
    """The description (OpenAPI 3.1.0)."""
    paths: Json = {f"{PREFIX}/{name}": {"get": _get(name, one)} for name, one in QUESTIONS.items()}
    paths[f"{PREFIX}/certify"] = {"post": _certify()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Pratique: the record",
            "version": __version__.partition("+")[0],
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "description": "The questions of the command line. An answer is what the command "
            "prints with --format json; 'next' is there where more follows.",
        },
        "security": [{}, {"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Error": _ERROR},
        },
    }


def _get(name: str, question: Question) -> Json:
    parameters = [_parameter(one) for one in question.parameters]
    parameters += [
        {
            "name": "page-size",
            "in": "query",
            "description": "Most items of a page.",
            "schema": {"type": "integer", "minimum": 1, "maximum": MAX_PAGE},
        },
        {
            "name": "cursor",
            "in": "query",
            "description": "The 'next' of the page before.",
            "schema": {"type": "string", "maxLength": MAX_TEXT},
        },
    ]
    answer: Json = {
        "type": "object",
        "required": ["schema", "answer", question.items],
        "properties": {
            "schema": {"type": "string", "pattern": "^pratique/"},
            "answer": {"type": "string"},
            question.items: {"type": "array"},
            "next": {"type": "string"},
        },
    }
    return {
        "summary": question.summary,
        "operationId": f"record_{name}",
        "parameters": parameters,
        "responses": _responses(answer),
    }


def _parameter(one: Parameter) -> Json:
    schema: Json = {"type": one.kind}
    if one.kind == "string":
        schema |= {"maxLength": MAX_TEXT, "pattern": _NOTHING_ODD}
    if one.required:
        schema["minLength"] = 1
    return {
        "name": one.name,
        "in": "query",
        "required": one.required,
        "description": one.help,
        "schema": schema,
    }


def _certify() -> Json:
    text: Json = {"type": "string", "minLength": 1, "maxLength": MAX_TEXT}
    body: Json = {
        "type": "object",
        "required": ["verdict", "noun", "justification"],
        "properties": {
            "verdict": {"enum": ["good", "bad"]},
            "noun": text,
            "justification": text,
        },
        "additionalProperties": False,
    }
    answer: Json = {
        "type": "object",
        "required": ["schema", "document", "verb", "new"],
        "properties": {
            "schema": {"const": "pratique/certified/1"},
            "document": {"type": "string"},
            "verb": {"type": "string"},
            "new": {"type": "boolean"},
        },
    }
    return {
        "summary": "Certify that a package, artifact or source is good or bad.",
        "operationId": "record_certify",
        "security": [{"token": []}],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": _responses(answer),
    }


def _responses(answer: Json) -> Json:
    good = {"description": "The answer.", "content": {"application/json": {"schema": answer}}}
    error = {"$ref": "#/components/schemas/Error"}
    return {"200": good} | {
        status: {"description": text, "content": {"application/json": {"schema": error}}}
        for status, text in _STATUSES.items()
    }
