"""The bodies of RSTUF's requests (OpenAPI of repository-service-tuf-api 1.0.1)."""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeVar

import msgspec

MAX_ARTIFACTS = 100_000
"""Artifacts of one request; the body's limit is met at about as many."""

MAX_CUSTOM_DEPTH = 16
"""Deepest nesting of what is said of an artifact besides length and digests."""

Days = Annotated[int, msgspec.Meta(gt=0, le=3650)]
_T = TypeVar("_T")


class InvalidPayloadError(ValueError):
    """A body is not as it must be.

    Args:
        message: What is wrong.
        place: Names and indexes that lead there.
    """

    def __init__(self, message: str, place: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.place = place


class Role(msgspec.Struct, frozen=True):
    """Lifetime of a role in days."""

    expiration: Days


class BinsRole(msgspec.Struct, frozen=True):
    """Hash bins."""

    expiration: Days
    number_of_delegated_bins: Annotated[int, msgspec.Meta(gt=1, lt=16385)]


class DelegatedRole(msgspec.Struct, frozen=True):
    """A role that artifacts are delegated to by their paths."""

    name: str
    terminating: bool
    keyids: list[str]
    threshold: Annotated[int, msgspec.Meta(ge=1, le=100)]
    paths: Annotated[list[str], msgspec.Meta(min_length=1, max_length=1000)]
    path_hash_prefixes: list[str] | None = None
    expire: Days | None = msgspec.field(default=None, name="x-rstuf-expire-policy")


class Delegations(msgspec.Struct, frozen=True):
    """Delegated roles and the keys of the people who sign them; a role without is online."""

    keys: dict[str, dict[str, Any]]
    roles: Annotated[list[DelegatedRole], msgspec.Meta(max_length=1000)]


class Delegate(msgspec.Struct, frozen=True):
    """``POST`` and ``PUT /delegations/``."""

    delegations: Delegations


class RoleName(msgspec.Struct, frozen=True):
    """A role."""

    name: str


class RoleNames(msgspec.Struct, frozen=True):
    """Roles."""

    roles: list[RoleName]


class Undelegate(msgspec.Struct, frozen=True):
    """``POST /delegations/delete``."""

    delegations: RoleNames


class Roles(msgspec.Struct, frozen=True):
    """Roles at the bootstrap."""

    root: Role
    targets: Role
    snapshot: Role
    timestamp: Role
    bins: BinsRole | None = None
    delegations: Delegations | None = None


class BootstrapSettings(msgspec.Struct, frozen=True):
    """Settings of a bootstrap."""

    roles: Roles


class Bootstrap(msgspec.Struct, frozen=True):
    """``POST /bootstrap/``."""

    settings: BootstrapSettings
    metadata: dict[str, dict[str, Any]]
    timeout: int | None = 300


class MetadataUpdate(msgspec.Struct, frozen=True):
    """``POST /metadata/``."""

    metadata: dict[str, dict[str, Any]]


class OnlineRoles(msgspec.Struct, frozen=True):
    """``POST /metadata/online``."""

    roles: list[str]


class SignatureText(msgspec.Struct, frozen=True):
    """A signature."""

    keyid: str
    sig: str
    bundle: dict[str, Any] | None = None


class Sign(msgspec.Struct, frozen=True):
    """``POST /metadata/sign``."""

    role: str
    signature: SignatureText


class SignDelete(msgspec.Struct, frozen=True):
    """``POST /metadata/sign/delete``."""

    role: str


class ArtifactInfo(msgspec.Struct, frozen=True):
    """Length and digests."""

    length: Annotated[int, msgspec.Meta(ge=0, le=2**53)]
    hashes: dict[str, str]
    custom: dict[str, Any] | None = None


class Artifact(msgspec.Struct, frozen=True):
    """An artifact to add."""

    info: ArtifactInfo
    path: str


class Add(msgspec.Struct, frozen=True):
    """``POST /artifacts/``."""

    artifacts: Annotated[list[Artifact], msgspec.Meta(max_length=MAX_ARTIFACTS)]
    add_task_id_to_custom: bool = False
    publish_artifacts: bool = True


class Delete(msgspec.Struct, frozen=True):
    """``POST /artifacts/delete``."""

    artifacts: Annotated[list[str], msgspec.Meta(max_length=MAX_ARTIFACTS)]
    publish_artifacts: bool = True


class Publish(msgspec.Struct, frozen=True):
    """``POST /artifacts/publish/``, which has no body."""


class Expiration(msgspec.Struct, frozen=True):
    """Lifetimes by role."""

    expiration: dict[str, Days]


class ConfigUpdate(msgspec.Struct, frozen=True):
    """``PUT /config/``."""

    settings: Expiration


def read(data: bytes, kind: type[_T]) -> _T:
    """A body of a kind.

    Raises:
        InvalidPayloadError: It is not JSON, or not of the kind.
    """
    try:
        payload = msgspec.json.decode(data or b"{}", type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        message, _, path = str(error).partition(" - at `")
        raise InvalidPayloadError(message[:300], _place(path.rstrip("`"))) from None
    if isinstance(payload, Bootstrap | MetadataUpdate) and set(payload.metadata) != {"root"}:
        raise InvalidPayloadError("metadata must hold root, and nothing else", ("metadata",))
    if isinstance(payload, Bootstrap):
        roles = payload.settings.roles
        if (roles.bins is None) == (roles.delegations is None):
            raise InvalidPayloadError(
                "exactly one of bins and delegations is needed", ("settings", "roles")
            )
    if isinstance(payload, Add):
        for number, artifact in enumerate(payload.artifacts):
            reason = _bad_hashes(artifact.info.hashes)
            if reason:
                raise InvalidPayloadError(reason, ("artifacts", number, "info", "hashes"))
            if not _canonical(artifact.info.custom, 0):
                raise InvalidPayloadError(
                    "numbers with a point, control characters and deep nesting have no canonical "
                    "form that clients verify",
                    ("artifacts", number, "info", "custom"),
                )
    return payload


def _place(path: str) -> tuple[str | int, ...]:
    return tuple(
        int(number) if number else name
        for name, number in re.findall(r"\.?([A-Za-z_]\w*)|\[(\d+)\]", path.removeprefix("$"))
    )


def _canonical(value: Any, depth: int) -> bool:
    """Whether canonical JSON, as clients hash it, says the same as JSON."""
    if isinstance(value, str):
        return all(sign >= " " and sign != "\x7f" for sign in value)
    if isinstance(value, dict):
        return depth < MAX_CUSTOM_DEPTH and all(
            _canonical(key, depth) and _canonical(one, depth + 1) for key, one in value.items()
        )
    if isinstance(value, list):
        return depth < MAX_CUSTOM_DEPTH and all(_canonical(one, depth + 1) for one in value)
    return value is None or isinstance(value, bool | int)


_LENGTHS = {
    "sha224": 56,
    "sha256": 64,
    "sha384": 96,
    "sha512": 128,
    "blake2b": 128,
    "blake2b-256": 64,
    "blake2s": 64,
}
"""Digits of the algorithms that python-tuf's clients verify."""


def _bad_hashes(hashes: dict[str, str]) -> str:
    if not hashes:
        return "at least one digest is needed"
    for name, value in hashes.items():
        if name not in _LENGTHS:
            return f"{name[:40]!r} is no algorithm that clients verify: {', '.join(_LENGTHS)}"
        if not re.fullmatch(f"[0-9a-f]{{{_LENGTHS[name]}}}", value):
            return f"the {name} digest is not {_LENGTHS[name]} hexadecimal digits"
    return ""
