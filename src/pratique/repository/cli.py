"""``pratique repository``: set up, fill, publish and look after a signed repository."""

from __future__ import annotations

import hashlib
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pratique.model.command import Command
from pratique.model.errors import ExitCode, UsageError
from pratique.repository.requirement import with_tuf

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from pratique.repository.ceremony import Draft
    from pratique.repository.keys import KeyFile
    from pratique.repository.publishing import Report
    from pratique.repository.service import Added


def _folder(parser: ArgumentParser) -> None:
    parser.add_argument("repository", type=Path, metavar="REPOSITORY", help="its folder")


def _format(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--format", "-f", choices=("table", "json"), default="table", help="how to print it"
    )


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

    _folder(parser)
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
    _folder(parser)
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


def _configure_add(parser: ArgumentParser) -> None:
    _folder(parser)
    parser.add_argument(
        "subjects",
        type=Path,
        nargs="+",
        metavar="FILE-OR-FOLDER",
        help="files are listed by their names, the files of a folder by their paths within it",
    )
    parser.add_argument(
        "--prefix", default="", metavar="PATH/", help="put before the paths: packages/"
    )
    parser.add_argument(
        "--replace", action="store_true", help="take other content for a path that is known"
    )
    parser.add_argument("--publish", action="store_true", help="publish at once")


def _run_add(options: Namespace) -> int:
    from pratique.repository import service

    done = service.add(
        options.repository, options.subjects, prefix=options.prefix, replace=options.replace
    )
    return _after(options, done)


def _configure_remove(parser: ArgumentParser) -> None:
    _folder(parser)
    parser.add_argument("paths", nargs="+", metavar="PATH", help="target paths")
    parser.add_argument("--publish", action="store_true", help="publish at once")


def _run_remove(options: Namespace) -> int:
    from pratique.repository import service

    return _after(options, service.remove(options.repository, options.paths))


def _run_publish(options: Namespace) -> int:
    from pratique.repository import service

    _say_report(service.publish(options.repository))
    return ExitCode.CLEAN


def _configure_bump(parser: ArgumentParser) -> None:
    _folder(parser)
    parser.add_argument(
        "--within",
        type=float,
        metavar="DAYS",
        help="sign bins that expire within so many days; those in the last third of their life "
        "by default",
    )


def _run_bump(options: Namespace) -> int:
    from pratique.repository import service

    within = service.LAST_THIRD if options.within is None else _timedelta(options.within)
    _say_report(service.bump(options.repository, within=within))
    return ExitCode.CLEAN


def _configure_prune(parser: ArgumentParser) -> None:
    _folder(parser)
    parser.add_argument(
        "--keep",
        type=float,
        default=7.0,
        metavar="DAYS",
        help="keep what a snapshot of the last so many days names; 7 by default",
    )


def _run_prune(options: Namespace) -> int:
    from pratique.repository.pruning import prune as run

    done = run(options.repository, datetime.now(UTC), _timedelta(options.keep))
    _say(f"removed {done.metadata:,} metadata files and {done.artifacts:,} artifacts\n")
    return ExitCode.CLEAN


def _configure_verify(parser: ArgumentParser) -> None:
    _folder(parser)
    parser.add_argument(
        "--metadata-only", action="store_true", help="do not read the artifacts themselves"
    )
    _format(parser)


def _run_verify(options: Namespace) -> int:
    from pratique.repository.inspection import verify as run
    from pratique.repository.service import now_utc

    done = run(options.repository, now_utc(), content=not options.metadata_only)
    if options.format == "json":
        _say_json(done)
    else:
        for flaw in done.flaws:
            _say(f"{flaw.where}: {flaw.what.rstrip('.')}\n")
        read = "read" if done.content else "listed"
        _say(
            f"{done.roots} roots, {done.bins:,} bins, {done.artifacts:,} artifacts {read}; "
            f"{len(done.flaws)} flaws\n"
        )
    return ExitCode.FINDINGS if done.flaws else ExitCode.CLEAN


def _configure_status(parser: ArgumentParser) -> None:
    _folder(parser)
    _format(parser)


def _run_status(options: Namespace) -> int:
    from pratique.repository.inspection import status as run
    from pratique.repository.service import now_utc

    found = run(options.repository, now_utc())
    if options.format == "json":
        _say_json(found)
        return ExitCode.CLEAN
    for role in found.roles:
        mark = "  EXPIRED" if role.expired else ""
        _say(f"{role.role:<10} version {role.version:<6} until {role.expires}{mark}\n")
        keys = ", ".join(key[:12] for key in role.keys)
        _say(f"{'':<10} {role.threshold} of {len(role.keys)}: {keys}\n")
    _say(f"{'bins':<10} {found.bins}\n{'staged':<10} {found.staged}\n")
    if found.waiting >= 0:
        keys = ", ".join(key[:12] for key in found.may_sign) or "none"
        _say(f"{'ceremony':<10} lacks {found.waiting} signatures; may sign: {keys}\n")
    for name, here in found.online_keys.items():
        _say(f"{'online key':<10} {name}{'' if here else '  ABSENT'}\n")
    return ExitCode.CLEAN


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
add = Command(
    description="Take artifacts in. Readers see them after 'repository publish'.",
    configure=_configure_add,
    run=with_tuf(_run_add),
)
remove = Command(
    description="Take artifacts off the list. Readers see it after 'repository publish'; the "
    "files stay until 'repository prune'.",
    configure=_configure_remove,
    run=with_tuf(_run_remove),
)
publish = Command(
    description="Publish what was added, removed or signed, in one step for readers.",
    configure=_folder,
    run=with_tuf(_run_publish),
)
bump = Command(
    description="Sign anew what expires soon: a job to run several times a day.",
    configure=_configure_bump,
    run=with_tuf(_run_bump),
)
prune = Command(
    description="Remove superseded metadata and the files of removed artifacts.",
    configure=_configure_prune,
    run=with_tuf(_run_prune),
)
verify = Command(
    description="Check every signature, version, expiry, bin and artifact of a repository.",
    configure=_configure_verify,
    run=with_tuf(_run_verify),
)
status = Command(
    description="Say how a repository stands: versions, expiries, keys, what is staged and what "
    "waits for signatures.",
    configure=_configure_status,
    run=with_tuf(_run_status),
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
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{options.passphrase_file} cannot be read: {error}.") from None
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


def _timedelta(days: float) -> timedelta:
    if not 0 <= days <= 36500:
        raise UsageError(f"{days} days are out of range.")
    return timedelta(days=days)


def _after(options: Namespace, done: Added) -> int:
    from pratique.repository import service

    for refused in done.refused:
        sys.stderr.write(f"{refused.path}: not taken: {refused.reason}\n")
    _say(f"{done.staged:,} staged, {done.unchanged:,} unchanged, {len(done.refused):,} refused\n")
    if options.publish:
        _say_report(service.publish(options.repository))
    return ExitCode.INCOMPLETE if done.refused else ExitCode.CLEAN


def _say_report(report: Report) -> None:
    _say(
        f"published: {report.changes:,} artifacts changed in {report.bins:,} bins; root "
        f"{report.root}, snapshot {report.snapshot}, timestamp {report.timestamp}\n"
    )
    if report.waiting:
        _say(f"the pending ceremony lacks {report.waiting} signatures\n")


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


def _say_json(value: Any) -> None:
    import msgspec

    _say(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")


def _say(text: str) -> None:
    sys.stdout.write(text)
