"""What provenance says about its source, read as the builder of its kind writes it.

Builders put the same facts in different places: in the environment (GitHub's
names, lower case or upper case), in the source's URI, or in the parameters.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pratique.provenance.builders import DELEGATED_TYPE, KNOWN, NPM_TYPES, WORKFLOW_TYPES
from pratique.provenance.errors import VerificationError
from pratique.provenance.refs import split_ref, split_uri

if TYPE_CHECKING:
    from pratique.formats.slsa import Provenance


class Dialect(StrEnum):
    """Where a builder writes what."""

    GENERATOR = "generator"
    """Environment in lower case, ``configSource`` (v0.2)."""

    CONTAINER = "container"
    """Environment in upper case (v1)."""

    DELEGATED = "delegated"
    """As the two before, but branch and tag are the source's own reference."""

    WORKFLOW = "workflow"
    """``externalParameters.workflow`` (GitHub's attestations and npm's, v1)."""


def _payload(message: str) -> VerificationError:
    return VerificationError(message, error="ErrorInvalidDssePayload")


def dialect_of(provenance: Provenance, builder: str) -> Dialect:
    """How to read the provenance of a builder.

    Args:
        provenance: To be read.
        builder: The builder that the signer proves, without its version.

    Raises:
        VerificationError: The builder does not write this version or build type.
    """
    known = KNOWN.get(builder)
    types = known.build_types.get(provenance.version) if known else None
    if types is None:
        if known is None and provenance.version == "1" and provenance.build_type in WORKFLOW_TYPES:
            return Dialect.WORKFLOW
        raise VerificationError(
            f"{builder} is not known to write provenance {provenance.version}",
            error="ErrorInvalidBuilderID",
        )
    if provenance.build_type not in types:
        raise VerificationError(
            f"{builder} does not write the build type {provenance.build_type[:120]!r}",
            error="ErrorInvalidBuildType",
        )
    if provenance.build_type == DELEGATED_TYPE:
        return Dialect.DELEGATED
    if provenance.build_type in WORKFLOW_TYPES:
        return Dialect.WORKFLOW
    return Dialect.GENERATOR if provenance.version == "0.2" else Dialect.CONTAINER


class Claims:
    """The source that provenance names.

    Args:
        provenance: Its statement was verified.
        dialect: From :func:`dialect_of`.
    """

    def __init__(self, provenance: Provenance, dialect: Dialect) -> None:
        self.provenance = provenance
        self.dialect = dialect
        self._upper = provenance.version == "1" or dialect is Dialect.DELEGATED

    def source(self) -> str:
        """URI of the source: the first dependency, by the contract of these builders.

        Raises:
            VerificationError: There is none.
        """
        if not self.provenance.dependencies:
            raise _payload("the provenance names no source")
        uri = self.provenance.dependencies[0].uri
        if not uri:
            raise VerificationError("the provenance's source has no URI", error="ErrorMalformedURI")
        return uri

    def commit(self) -> str:
        """Commit of the source; empty where none is given."""
        if not self.provenance.dependencies:
            return ""
        digests = self.provenance.dependencies[0].digests
        return digests.get("gitCommit") or digests.get("sha1", "")

    def trigger(self) -> str:
        """URI of what started the build, with its reference.

        Raises:
            VerificationError: It is not named.
        """
        if self.provenance.version != "1":
            source = self.provenance.config_source
            if source is None or not source.uri:
                raise VerificationError(
                    "the provenance names no trigger", error="ErrorMalformedURI"
                )
            return source.uri
        if self.dialect is Dialect.WORKFLOW:
            flow = self._workflow()
            return f"git+{_string(flow, 'repository')}@{_string(flow, 'ref')}"
        return self._trigger_of_environment()

    def _trigger_of_environment(self) -> str:
        given = self._environment().get("GITHUB_WORKFLOW_REF")
        if given is None:
            raise VerificationError("GITHUB_WORKFLOW_REF is not given", error="ErrorNotPresent")
        location, _, reference = str(given).partition("@")
        parts = location.split("/")
        if not reference or len(parts) < 2:
            raise VerificationError(
                "GITHUB_WORKFLOW_REF is not a workflow", error="ErrorInvalidFormat"
            )
        return f"git+https://github.com/{parts[0]}/{parts[1]}@{reference}"

    def branch(self) -> str:
        """Full reference of the branch; empty where it was not recorded.

        Raises:
            VerificationError: The provenance does not say what it must.
        """
        if self._only_reference is not None:
            return self._only_reference
        if self.dialect is Dialect.DELEGATED:
            kind, reference = self._reference()
            return reference if kind == "heads" else self._branch_of_tag()
        if self._kind() == "branch":
            return self._value("github_ref")
        return self._branch_of_tag()

    def tag(self) -> str:
        """Full reference of the tag; empty where a branch was built.

        Raises:
            VerificationError: The provenance does not say what it must.
        """
        if self._only_reference is not None:
            return self._only_reference
        if self.dialect is Dialect.DELEGATED:
            kind, reference = self._reference()
            return reference if kind == "tags" else ""
        return self._value("github_ref") if self._kind() == "tag" else ""

    def inputs(self) -> dict[str, Any]:
        """Inputs that a person gave to the run.

        Raises:
            VerificationError: No person started it, or they are not recorded.
        """
        if self.dialect is Dialect.WORKFLOW:
            external = self.provenance.external_parameters
            given = external.get("inputs") if isinstance(external, dict) else None
            return given if isinstance(given, dict) else {}
        if self._value("github_event_name") != "workflow_dispatch":
            raise VerificationError(
                "the build was not started by hand, so it has no inputs",
                error="ErrorMismatchWorkflowInputs",
            )
        found = self._event().get("inputs")
        if not isinstance(found, dict):
            raise _payload("the provenance records no inputs")
        return found

    def path(self) -> str:
        """Path of the workflow that was triggered.

        Raises:
            VerificationError: A workflow is expected and not named.
        """
        if self.provenance.version != "1":
            return self.provenance.entry_point
        return _string(self._workflow(), "path")

    @property
    def _only_reference(self) -> str | None:
        """The one reference of a build whose provenance does not tell branches from tags."""
        if self.dialect is Dialect.WORKFLOW:
            return _string(self._workflow(), "ref")
        if self.provenance.build_type in NPM_TYPES:
            return _string(self._environment(), "GITHUB_REF")
        return None

    def _reference(self) -> tuple[str, str]:
        """Kind and full reference that the source's URI names."""
        _, reference = split_uri(self.source())
        kind, _ = split_ref(reference)
        if kind not in {"heads", "tags"}:
            raise _payload("the provenance's source names neither a branch nor a tag")
        return kind, reference

    def _branch_of_tag(self) -> str:
        """Branch that a tag was made from, where the event recorded it."""
        base = self._value("github_base_ref")
        if base:
            return base
        event = self._value("github_event_name")
        payload = self._event()
        if event == "push":
            if "base_ref" not in payload:
                raise _payload("the provenance's event records no branch")
            found = payload["base_ref"]
            return found if isinstance(found, str) else ""
        if event == "release":
            release = payload.get("release")
            if not isinstance(release, dict):
                raise _payload("the provenance's event records no release")
            return f"refs/heads/{_string(release, 'target_commitish')}"
        return ""

    def _kind(self) -> str:
        kind = self._value("github_ref_type")
        if kind not in {"branch", "tag"}:
            raise _payload("the provenance names neither a branch nor a tag")
        return kind

    def _event(self) -> dict[str, Any]:
        found = self._environment().get(self._case("github_event_payload"))
        if not isinstance(found, dict):
            raise _payload("the provenance records no event")
        return found

    def _value(self, name: str) -> str:
        return _string(self._environment(), self._case(name))

    def _case(self, name: str) -> str:
        return name.upper() if self._upper else name

    def _environment(self) -> dict[str, Any]:
        found = self.provenance.internal_parameters
        if not isinstance(found, dict):
            raise _payload("the provenance records no environment")
        return found

    def _workflow(self) -> dict[str, Any]:
        external = self.provenance.external_parameters
        found = external.get("workflow") if isinstance(external, dict) else None
        if not isinstance(found, dict):
            raise VerificationError(
                "the provenance's parameters name no workflow", error="ErrorInvalidFormat"
            )
        return found

    @property
    def from_npm(self) -> bool:
        """Whether npm wrote it before it recorded the source's reference."""
        return self.provenance.build_type == NPM_TYPES[0]


def _string(values: dict[str, Any], name: str) -> str:
    found = values.get(name)
    if not isinstance(found, str):
        raise _payload(f"the provenance records no {name}")
    return found
