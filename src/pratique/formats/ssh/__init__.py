"""OpenSSH's signatures over files, and the files that say whose keys are trusted."""

from __future__ import annotations

from pratique.formats.ssh.allowed_signers import AllowedSigner, read_allowed_signers
from pratique.formats.ssh.signature import (
    PublicKey,
    SshSignature,
    is_ssh_signature,
    public_key_of,
    read_ssh_signature,
)

__all__ = [
    "AllowedSigner",
    "PublicKey",
    "SshSignature",
    "is_ssh_signature",
    "public_key_of",
    "read_allowed_signers",
    "read_ssh_signature",
]
