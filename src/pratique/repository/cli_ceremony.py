"""``pratique repository keygen``, ``init``, ``sign`` and ``rotate``: keys and ceremonies."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.model.command import Command
from pratique.model.errors import ExitCode, UsageError
from pratique.repository.cli import add_repository
from pratique.repository.requirement import with_tuf

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from pratique.repository.ceremony import Draft
    from pratique.repository.keys import KeyFile


def _passphrase(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--passphrase-file",
        type=Path,
        metavar="FILE",
        help="holds the passphrase of the private keys; it is asked for on a terminal otherwise",
    )


def _configure_keygen(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="file of the private key; FILE.pub gets the public")
    parser.add_argument("--plain", action="store_true", help="do not encrypt the private key")
    _passphrase(parser)


def _run_keygen(options: Namespace) -> int:
    from pratique.repository.keys import create_key, public_path

    passphrase = b"" if options.plain else _read_passphrase(options, options.file)
    key = create_key(options.file, passphrase)
    _say(f"private  {options.file}\npublic   {public_path(options.file)}\nid       ")
    _say(f"{key.public.keyid}\n")
    return ExitCode.CLEAN


def _configure_init(parser: ArgumentParser) -> None:
    from pratique.repository.settings import DEFAULT_BINS, MAX_BINS, ROLES

    add_repository(parser)
    parser.add_argument(
        "--root-key",
        type=Path,
        action="append",
        required=True,
        metavar="FILE",
        help="PEM key of a person who signs root and targets; repeatable; a private one signs at "
        "once, a public one later ('repository sign')",
    )
    parser.add_argument(
        "--threshold", type=int, required=True, metavar="N", help="how many of them must sign"
    )
    parser.add_argument(
        "--online-key",
        type=Path,
        metavar="FILE",
        help="PEM private key for snapshot, timestamp and bins; one is made otherwise",
    )
    parser.add_argument(
        "--bins",
        type=int,
        default=DEFAULT_BINS,
        metavar="N",
        help=f"hash bins, a power of two up to {MAX_BINS}; {DEFAULT_BINS} by default",
    )
    parser.add_argument(
        "--days",
        action="append",
        default=[],
        metavar="ROLE=N",
        help=f"lifetime of a role ({', '.join(ROLES)}); repeatable",
    )
    _passphrase(parser)


def _run_init(options: Namespace) -> int:
    from pratique.repository import service

    draft = service.init(
        options.repository,
        _keys(options, options.root_key),
        threshold=options.threshold,
        online_key=options.online_key,
        read=lambda path: _key(options, path),
        bins=options.bins,
        days=_days(options.days),
    )
    return _say_draft(draft, options.repository)


def _configure_sign(parser: ArgumentParser) -> None:
    parser.add_argument(
        "folder",
        type=Path,
        metavar="FOLDER",
        help="the repository, or a copy of its folder 'ceremony' on a machine without network",
    )
    parser.add_argument(
        "--key", type=Path, action="append", required=True, metavar="FILE", help="PEM private key"
    )
    _passphrase(parser)


def _run_sign(options: Namespace) -> int:
    from pratique.repository import service

    draft = service.sign(options.folder, _keys(options, options.key))
    return _say_draft(draft, options.folder)


def _configure_rotate(parser: ArgumentParser) -> None:
    add_repository(parser)
    parser.add_argument(
        "--add-root-key",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="a root key that comes; repeatable",
    )
    parser.add_argument(
        "--remove-root-key",
        action="append",
        default=[],
        metavar="ID",
        help="id of a root key that goes, or how it begins; repeatable",
    )
    parser.add_argument("--threshold", type=int, default=0, metavar="N", help="another threshold")
    parser.add_argument(
        "--online-key", type=Path, metavar="FILE", help="private key that replaces the online ones"
    )
    parser.add_argument(
        "--key",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="root key that signs at once; repeatable",
    )
    parser.add_argument("--abandon", action="store_true", help="forget the pending ceremony")
    _passphrase(parser)


def _run_rotate(options: Namespace) -> int:
    from pratique.repository import service

    if options.abandon:
        service.abandon(options.repository)
        return ExitCode.CLEAN
    draft = service.rotate(
        options.repository,
        add_keys=_keys(options, options.add_root_key),
        remove_keys=options.remove_root_key,
        threshold=options.threshold,
        online_key=options.online_key,
        read=lambda path: _key(options, path),
        signers=_keys(options, options.key),
    )
    return _say_draft(draft, options.repository)


keygen = Command(
    description="Make an Ed25519 key for a signed repository: the private half encrypted with a "
    "passphrase, the public half beside it.",
    configure=_configure_keygen,
    run=with_tuf(_run_keygen),
)
init = Command(
    description="Set up a TUF-signed repository and begin its key ceremony.",
    configure=_configure_init,
    run=with_tuf(_run_init),
    epilogue="""\
examples:
  pratique repository init repo --root-key alice.pem.pub --root-key bob.pem.pub \\
      --root-key carol.pem.pub --threshold 2
  pratique repository sign repo --key alice.pem
""",
)
sign = Command(
    description="Sign the pending root and targets metadata; the signature that completes them "
    "publishes them.",
    configure=_configure_sign,
    run=with_tuf(_run_sign),
)
rotate = Command(
    description="Begin a ceremony for the next root: root keys come and go, the threshold or the "
    "online key changes; without any of these, only the expiry is renewed.",
    configure=_configure_rotate,
    run=with_tuf(_run_rotate),
)


def _keys(options: Namespace, paths: list[Path]) -> list[KeyFile]:
    return [_key(options, path) for path in paths]


def _key(options: Namespace, path: Path) -> KeyFile:
    from pratique.repository.keys import read_key

    return read_key(path, lambda file: _read_passphrase(options, file))


def _read_passphrase(options: Namespace, key: Path) -> bytes:
    """The passphrase of a key: from the file named, or asked for.

    Raises:
        UsageError: There is neither a file nor a terminal, or it is empty.
    """
    if options.passphrase_file is not None:
        try:
            found: str = options.passphrase_file.read_text(encoding="utf-8").rstrip("\r\n")
        except OSError as error:
            why = error.strerror
            raise UsageError(f"{options.passphrase_file} cannot be read: {why}.") from None
        except UnicodeDecodeError:
            raise UsageError(
                f"{options.passphrase_file} is no text.", remedy="Its first line is the passphrase."
            ) from None
    elif sys.stdin.isatty():
        from getpass import getpass

        found = getpass(f"Passphrase of {key}: ")
    else:
        raise UsageError(f"{key} needs a passphrase.", remedy="Give --passphrase-file.")
    if not found:
        raise UsageError("The passphrase is empty.")
    return found.encode()


def _days(given: list[str]) -> dict[str, int]:
    found = {}
    for text in given:
        role, _, number = text.partition("=")
        if not number.isdecimal() or len(number) > 6:
            raise UsageError(f"{text!r} is not ROLE=DAYS.", remedy="Give, say, timestamp=1.")
        found[role] = int(number)
    return found


def _say_draft(draft: Draft, folder: Path) -> int:
    root = draft.root.signed
    if draft.complete:
        _say(f"root {root.version} is signed\n")
        return ExitCode.CLEAN
    _say(f"root {root.version} lacks {draft.missing} signatures; these keys may sign:\n")
    for name in draft.waiting:
        _say(f"  {name}\n")
    for role, found in (("root", draft.root), ("targets", draft.targets)):
        # who signs compares these with those who began the ceremony
        _say(f"sha256 of {role:<8} {hashlib.sha256(found.signed_bytes).hexdigest()}\n")
    _say(f"next: pratique repository sign {folder} --key FILE\n")
    return ExitCode.CLEAN


def _say(text: str) -> None:
    sys.stdout.write(text)
