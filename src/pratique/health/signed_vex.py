"""Signatures of VEX documents, verified before anything they say is applied.

A document may be signed by being in a DSSE envelope or a Sigstore bundle, or by
evidence beside it (``alpha.json.sigstore.json``, ``alpha.json.sig`` …).  What
is verified: the signature, by a key that was given, or by a certificate of the
trusted root with its proof of time; where keys alone are given, by those alone.
A signature that does not hold takes the document out; one that nobody can
verify counts for nothing, and is shown so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pratique.model.errors import InputError, PratiqueError
from pratique.vex.loading import Checked

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pratique.formats.dsse import Envelope
    from pratique.provenance.request import Request


class Signers(NamedTuple):
    """Whose signatures count."""

    keys: tuple[Any, ...] = ()
    """Public keys, from :func:`pratique.provenance.keys.load_key`."""

    identity: str = ""
    issuer: str = ""
    """Who must have signed with a certificate; anybody where both are empty and no key is given."""

    trusted_root: Path | None = None
    """Sigstore's trusted root; the one that is built in where it is ``None``."""

    required: bool = False
    """Whether documents that nobody is shown to have signed are left out."""

    @property
    def certificates_count(self) -> bool:
        """Whether a certificate may sign: beside keys alone, it could be anybody's."""
        return bool(self.identity or self.issuer) or not self.keys


class Verifier:
    """Checks the documents of one run.

    Args:
        signers: Whose signatures count.
    """

    def __init__(self, signers: Signers) -> None:
        self._signers = signers
        self._requests: list[Request] = []

    def __call__(self, data: bytes, path: Path) -> Checked:
        """What a document says, and whose signature over that holds.

        Args:
            data: The document's bytes.
            path: Where they are; evidence is looked for beside.

        Raises:
            InputError: A signature does not hold, or one is required and absent.
        """
        try:
            checked = self._inside(data) or self._beside(data, path)
        except PratiqueError as error:
            text = f"its signature does not hold: {error.message}; it is not applied"
            raise InputError(text) from None
        if self._signers.required and not checked.signer:
            raise InputError("nobody is shown to have signed it; it is not applied")
        return checked

    def _inside(self, data: bytes) -> Checked | None:
        """The content of an envelope or bundle; ``None`` for what is neither."""
        if b'"payload"' not in data:
            return None
        from pratique.formats.dsse import read_envelope
        from pratique.formats.sigstore import read_bundle
        from pratique.provenance.kinds import Kind, kind_of

        try:
            kind = kind_of(data)
        except InputError:
            return None
        if kind is Kind.ENVELOPE:
            return self._keyed(read_envelope(data), data)
        if kind is not Kind.BUNDLE:
            return None
        bundle = read_bundle(data)
        if bundle.envelope is None:
            return None
        if not bundle.certificates and not bundle.entries and not bundle.timestamps:
            return self._keyed(bundle.envelope, _enveloped(bundle.envelope))
        if not bundle.certificates and not self._signers.keys:
            return Checked(_enveloped(bundle.envelope))
        return Checked(bundle.envelope.payload, self._bundled(bundle))

    def _keyed(self, envelope: Envelope, data: bytes) -> Checked:
        """An envelope that one of the keys signed; without keys nobody can tell."""
        from pratique.provenance.errors import VerificationError
        from pratique.provenance.keys import key_id
        from pratique.provenance.vsa import verify_keyed_envelope

        if not self._signers.keys:
            return Checked(data)
        for key in self._signers.keys:
            try:
                verify_keyed_envelope(envelope, key)
            except VerificationError:
                continue
            return Checked(envelope.payload, f"key:{key_id(key)}")
        raise VerificationError("no signature of it is by a key that was given")

    def _bundled(self, bundle: Any) -> str:
        from pratique.provenance.bundle import expect_signer, verify_bundle
        from pratique.provenance.errors import VerificationError
        from pratique.provenance.keys import key_id

        if bundle.certificates and not self._signers.certificates_count:
            raise VerificationError(
                "it is signed with a certificate, and only keys were given",
                remedy="Name whose certificate may sign, by identity and issuer.",
            )
        if bundle.certificates:
            root = self._trusted()[0].root
            verified = verify_bundle(bundle, root)
            expect_signer(verified, self._signers.identity, self._signers.issuer)
            return verified.identity
        for request in self._trusted():
            if request.key is None:
                continue
            try:
                verify_bundle(bundle, request.root, key=request.key)
            except VerificationError:
                continue
            return f"key:{key_id(request.key)}"
        raise VerificationError("no signature of it is by a key that was given")

    def _beside(self, data: bytes, path: Path) -> Checked:
        """A document with its evidence in files beside it."""
        from pratique.model.attestation import Grade
        from pratique.provenance.beside import find_evidence
        from pratique.provenance.errors import VerificationError
        from pratique.provenance.service import verify_file

        evidence = find_evidence(path)
        if not evidence:
            return Checked(data)
        fault = ""
        for request in self._trusted():
            answer = verify_file(path, evidence, request)
            good = [
                one
                for one in answer.evidence
                if one.grade is Grade.VERIFIED
                and (request.is_open or request.expects(one.identity, one.issuer))
            ]
            if good:
                return Checked(data, good[0].identity)
            bad = [one for one in answer.evidence if one.grade is Grade.FAILED]
            # A key that was not used says nothing against a signature by another.
            fault = bad[0].cause if bad else fault
        if fault:
            raise VerificationError(fault)
        return Checked(data, unverified=True)

    def _trusted(self) -> Sequence[Request]:
        """What is expected: by certificate where one counts, then by each of the keys."""
        if not self._requests:
            from pratique.provenance.request import Request
            from pratique.provenance.trust import trust_root_of
            from pratique.provenance.trust_store import current_root

            signers = self._signers
            given = signers.trusted_root
            root = trust_root_of(given) if given is not None else current_root()
            first = Request(root=root, identity=signers.identity, issuer=signers.issuer)
            keyed = [Request(root=root, key=key) for key in signers.keys]
            self._requests = [first, *keyed] if signers.certificates_count else keyed
        return self._requests


def _enveloped(envelope: Envelope) -> bytes:
    """An envelope's own document, for the reader of what is not verified."""
    import base64

    import msgspec

    return msgspec.json.encode(
        {
            "payload": base64.b64encode(envelope.payload).decode(),
            "payloadType": envelope.payload_type,
            "signatures": [
                {"sig": base64.b64encode(one.sig).decode()} for one in envelope.signatures
            ],
        }
    )
