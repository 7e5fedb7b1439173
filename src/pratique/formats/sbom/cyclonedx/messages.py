"""Messages of the CycloneDX protocol buffers, as far as they are read.

Source: ``bom-1.3.proto`` to ``bom-1.7.proto`` of the specification.  A number
keeps its meaning from one version to the next, so that one table serves all.
"""

from __future__ import annotations

from typing import NamedTuple

MAX_NESTING = 100
"""Deepest messages within messages, as in the usual libraries for protocol buffers."""

MAX_MESSAGES = 4_000_000
"""Most messages within one document: a million components, each with a digest,
a licence and an address.  An empty message takes two bytes and so could occur
a hundred million times."""


class Enumeration(NamedTuple):
    """Values of an enumeration, in the order of their numbers."""

    prefix: str
    """What the names of the text form start with."""

    values: tuple[str, ...]
    """As JSON documents write them."""

    names: tuple[str, ...] = ()
    """In the text form, where these are not the values with the prefix before them."""

    def by_number(self, number: int) -> str:
        """The value of a number; unknown ones stay numbers."""
        return self.values[number] if 0 <= number < len(self.values) else str(number)

    def by_name(self, name: str) -> str:
        """The value of a name of the text form; unknown ones stay as they are."""
        if name in self.names:
            return self.values[self.names.index(name)]
        plain = _plain(name.removeprefix(self.prefix))
        return next((value for value in self.values if _plain(value) == plain), name)


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


CLASSIFICATION = Enumeration(
    "CLASSIFICATION_",
    (
        "null",
        "application",
        "framework",
        "library",
        "operating-system",
        "device",
        "file",
        "container",
        "firmware",
        "device-driver",
        "platform",
        "machine-learning-model",
        "data",
        "cryptographic-asset",
    ),
)
SCOPE = Enumeration("SCOPE_", ("unspecified", "required", "optional", "excluded"))
HASH = Enumeration(
    "HASH_ALG_",
    (
        "null",
        "MD5",
        "SHA-1",
        "SHA-256",
        "SHA-384",
        "SHA-512",
        "SHA3-256",
        "SHA3-384",
        "SHA3-512",
        "BLAKE2b-256",
        "BLAKE2b-384",
        "BLAKE2b-512",
        "BLAKE3",
        "Streebog-256",
        "Streebog-512",
    ),
)
REFERENCE = Enumeration(
    "EXTERNAL_REFERENCE_TYPE_",
    (
        "other",
        "vcs",
        "issue-tracker",
        "website",
        "advisories",
        "bom",
        "mailing-list",
        "social",
        "chat",
        "documentation",
        "support",
        "distribution",
    ),
)
"""The first twelve of version 1.3; later types say nothing about where a component comes from."""


class Field(NamedTuple):
    """A field of a message."""

    name: str
    """In the text form."""

    key: str
    """In the JSON form."""

    kind: str | Enumeration
    """``text``, the name of a message, or an enumeration."""

    repeated: bool = False


TEXT, TRUTH, INTEGER, FLOAT, DOUBLE = "text", "truth", "integer", "float", "double"
"""Kinds of fields; names of messages start with a capital, or hold a dot."""

MESSAGES: dict[str, dict[int, Field]] = {
    "Bom": {
        1: Field("spec_version", "specVersion", TEXT),
        4: Field("metadata", "metadata", "Metadata"),
        5: Field("components", "components", "Component", True),
        6: Field("services", "services", "Service", True),
        8: Field("dependencies", "dependencies", "Dependency", True),
    },
    "Metadata": {4: Field("component", "component", "Component")},
    "Component": {
        1: Field("type", "type", CLASSIFICATION),
        3: Field("bom_ref", "bom-ref", TEXT),
        7: Field("group", "group", TEXT),
        8: Field("name", "name", TEXT),
        9: Field("version", "version", TEXT),
        11: Field("scope", "scope", SCOPE),
        12: Field("hashes", "hashes", "Hash", True),
        13: Field("licenses", "licenses", "LicenseChoice", True),
        16: Field("purl", "purl", TEXT),
        20: Field("external_references", "externalReferences", "ExternalReference", True),
        21: Field("components", "components", "Component", True),
        33: Field("versionRange", "versionRange", TEXT),
    },
    "Service": {
        1: Field("bom_ref", "bom-ref", TEXT),
        13: Field("services", "services", "Service", True),
    },
    "Dependency": {
        1: Field("ref", "ref", TEXT),
        2: Field("dependencies", "dependencies", "Dependency", True),
    },
    "Hash": {1: Field("alg", "alg", HASH), 2: Field("value", "content", TEXT)},
    "ExternalReference": {1: Field("type", "type", REFERENCE), 2: Field("url", "url", TEXT)},
    "LicenseChoice": {
        1: Field("license", "license", "License"),
        2: Field("expression", "expression", TEXT),
        5: Field("expression_detailed", "detailed", "LicenseExpressionDetailed"),
    },
    "License": {
        1: Field("id", "id", TEXT),
        2: Field("name", "name", TEXT),
        4: Field("url", "url", TEXT),
    },
    "LicenseExpressionDetailed": {1: Field("expression", "expression", TEXT)},
}
