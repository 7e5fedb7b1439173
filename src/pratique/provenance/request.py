"""What a caller asks of verification, and what it answers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.sigstore.npm import RegistryKey
from pratique.formats.ssh import AllowedSigner
from pratique.model.attestation import Grade, VerifiedEvidence
from pratique.provenance.expectations import Expectations
from pratique.provenance.keys import key_id
from pratique.provenance.vsa import SummaryExpectations

if TYPE_CHECKING:
    from pratique.model.errors import ExitCode


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Whom and what to expect; empty expects nothing."""

    root: Any
    """:class:`~pratique.provenance.trust.TrustRoot`."""

    key: Any = None
    """Managed key of the signer, where it signs without a certificate."""

    identity: str = ""
    issuer: str = ""
    allowed_signers: tuple[AllowedSigner, ...] = ()
    """Whose SSH keys may sign."""

    keyring: tuple[Any, ...] = ()
    """OpenPGP certificates that may sign, from :func:`pratique.provenance.openpgp.certificates`."""

    ssh_namespace: str = "file"
    """What SSH signatures must be for."""

    expected: Expectations = Expectations()
    summary: SummaryExpectations = SummaryExpectations()
    """What verification summaries must say."""

    tuf_metadata: Path | None = None
    """Folder with the metadata of a TUF repository that the artifact may be a target of."""

    tuf_root: Path | None = None
    """A root of that repository that is trusted."""

    tuf_target: str = ""
    """Path of the target; the artifact's name where it is empty."""

    package: tuple[str, str] = ("", "")
    """Name and version that attestations which name a package must be of; empty expects none."""

    registry_keys: tuple[RegistryKey, ...] = ()
    """Keys of npm's registry; empty takes those in the package."""

    require: str = ""
    """Level that must be shown: ``SLSA_BUILD_LEVEL_3``."""

    @property
    def knows_signer(self) -> bool:
        """Whether the very signer is expected."""
        return bool(self.identity and self.issuer) or self.key is not None

    def expects(self, identity: str, issuer: str) -> bool:
        """Whether somebody is the very signer that is expected.

        A key that is given expects itself alone: a certificate beside it could be anybody's.

        Args:
            identity: As evidence has it, once it is verified.
            issuer: Likewise; empty for a key.
        """
        if self.identity and self.issuer:
            return (identity, issuer) == (self.identity, self.issuer)
        return self.key is not None and identity == f"key:{key_id(self.key)}"

    @property
    def is_open(self) -> bool:
        """Whether anybody's signature would do."""
        wanted = self.expected
        known = self.key is not None or bool(self.allowed_signers or self.keyring)
        known = known or (self.tuf_metadata is not None and self.tuf_root is not None)
        return not (self.identity or wanted.source or wanted.builder or known)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """All evidence about one artifact, graded."""

    artifact: str
    digests: dict[str, str]
    evidence: tuple[VerifiedEvidence, ...]
    required: str = ""
    alarms: tuple[str, ...] = ()
    """What differs from what was learned of the package before."""

    grade: Grade
    """Of the whole: the worst of what fails, or the best of what is there."""

    reason: str = ""
    """Why the whole is graded so, where no single piece of evidence says it."""

    next_action: str = ""

    @property
    def exit_code(self) -> ExitCode:
        """0 verified as required, 1 failed, 3 nothing that proves it."""
        return self.grade.exit_code
