"""Transparency logs: inclusion promises, inclusion proofs, checkpoints (Rekor v1 and v2)."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pratique.formats.sigstore.checkpoint import Checkpoint, read_checkpoint
from pratique.provenance.errors import VerificationError
from pratique.provenance.keys import spki, verify
from pratique.provenance.merkle import leaf_hash, root_from_proof

if TYPE_CHECKING:
    from pratique.formats.sigstore import InclusionProof, LogEntry
    from pratique.provenance.trust import TrustedLog, TrustRoot

MAX_TIME = 253_402_300_799
"""Last second of the year 9999, the latest a date can hold."""


def _invalid(message: str) -> VerificationError:
    return VerificationError(message, error="ErrorInvalidRekorEntry")


def trusted_log(entry: LogEntry, root: TrustRoot) -> TrustedLog:
    """The log of an entry.

    Raises:
        VerificationError: The trusted root does not list it.
    """
    log = root.logs.get(entry.log_id)
    if log is None:
        raise VerificationError(
            f"the log {entry.log_id.hex()[:16]}… is not in the trusted root",
            error="ErrorInvalidRekorEntry",
            remedy="Give the trusted root of the instance that signed with --trusted-root.",
        )
    return log


def verify_promise(entry: LogEntry, log: TrustedLog) -> datetime | None:
    """Time that the log promised inclusion of an entry at, in UTC; None where it gave no promise.

    The promise is a signature over the canonical JSON of body, time, log and
    index (Rekor, signed entry timestamp).

    Raises:
        VerificationError: It is not the log's, or the log's key was not valid then.
    """
    if not entry.promise:
        return None
    signed = (
        f'{{"body":"{base64.b64encode(entry.body).decode()}",'
        f'"integratedTime":{entry.integrated_time},'
        f'"logID":"{entry.log_id.hex()}","logIndex":{entry.index}}}'
    )
    try:
        verify(log.key, entry.promise, signed.encode())
    except VerificationError:
        raise _invalid("the signed entry timestamp is not the log's over this entry") from None
    if not 0 < entry.integrated_time <= MAX_TIME:
        raise _invalid("the log entry has no time")
    when = datetime.fromtimestamp(entry.integrated_time, UTC)
    if not log.validity.covers(when):
        raise _invalid(f"the log's key was not valid at {when:%Y-%m-%d %H:%M:%S} UTC")
    return when


def verify_inclusion(entry: LogEntry, proof: InclusionProof, log: TrustedLog) -> Checkpoint:
    """The checkpoint that a log signed and that an entry is proven to be under.

    Raises:
        VerificationError: The proof does not lead to the checkpoint, or the
            checkpoint is not the log's.
        InputError: The checkpoint is not one.
    """
    computed = root_from_proof(leaf_hash(entry.body), proof.index, proof.tree_size, proof.hashes)
    if computed is None or computed != proof.root_hash:
        raise _invalid("the inclusion proof does not lead to the log's root hash")
    checkpoint = read_checkpoint(proof.checkpoint)
    if checkpoint.root_hash != proof.root_hash or checkpoint.size != proof.tree_size:
        raise _invalid("the checkpoint is of another tree than the inclusion proof")
    verify_checkpoint(checkpoint, log)
    return checkpoint


def verify_checkpoint(checkpoint: Checkpoint, log: TrustedLog) -> None:
    """Check that a log signed a checkpoint; lines of witnesses and other keys are passed over.

    A key hint is the beginning of the log's identifier.  Rekor v1 derives it
    from the key alone, so any name may stand before it; Rekor v2 from name and
    key (C2SP signed-note), so the name must be the log's.

    Raises:
        VerificationError: No line is the log's, or its signature is wrong.
    """
    hint = log.id[:4]
    nameless = hashlib.sha256(spki(log.key)).digest()[:4] == hint
    cause = "the checkpoint is not signed by the log"
    for line in checkpoint.signatures:
        if line.hint != hint or not (nameless or line.name == log.host):
            continue
        try:
            verify(log.key, line.signature, checkpoint.text)
        except VerificationError:
            cause = "the checkpoint's signature is not the log's"
            continue
        return
    raise _invalid(cause)
