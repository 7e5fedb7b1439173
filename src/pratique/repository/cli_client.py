"""``pratique repository refresh`` and ``get``: the reader's side."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pratique.formats.json_writing import indented_json
from pratique.model.command import Command
from pratique.model.errors import ExitCode, UsageError
from pratique.model.options import add_format
from pratique.repository.requirement import with_tuf

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from pratique.repository.client import Remote


def _common(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--url",
        default="",
        metavar="URL-OR-FOLDER",
        help="where the repository is served: metadata/ and targets/ are below it",
    )
    parser.add_argument("--metadata-url", default="", metavar="URL", help="where its metadata are")
    parser.add_argument(
        "--metadata-dir",
        type=Path,
        metavar="FOLDER",
        help="where trusted metadata are kept; in the user's data folder by default",
    )
    parser.add_argument(
        "--root",
        type=Path,
        metavar="FILE",
        help="root metadata that came by a trusted way; needed the first time",
    )
    add_format(parser)


def _configure_get(parser: ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", metavar="PATH", help="target paths")
    parser.add_argument(
        "--output", "-o", type=Path, default=Path(), metavar="FOLDER", help="where to put them"
    )
    parser.add_argument("--target-url", default="", metavar="URL", help="where its artifacts are")
    _common(parser)


def _run_get(options: Namespace) -> int:
    from pratique.repository.client import get as run
    from pratique.sources.transfer import Transfer
    from pratique.sources.tuf_fetching import Fetcher

    remote = _remote(options, options.target_url)
    if not remote.target_url:
        raise UsageError("No address of artifacts is given.", remedy="Give --url or --target-url.")
    with Transfer() as transfer:
        found = run(remote, Fetcher(transfer), options.paths, options.output, root=options.root)
    if options.format == "json":
        rows = [{**item._asdict(), "file": str(item.file)} for item in found]
        return _say_json(rows)
    for item in found:
        state = "here already" if item.cached else "verified"
        sys.stdout.write(f"{item.file}  {item.length:,} bytes, {state}\n")
    return ExitCode.CLEAN


def _run_refresh(options: Namespace) -> int:
    from pratique.repository.client import refresh as run
    from pratique.sources.transfer import Transfer
    from pratique.sources.tuf_fetching import Fetcher

    with Transfer() as transfer:
        found = run(_remote(options), Fetcher(transfer), root=options.root)
    if options.format == "json":
        return _say_json(found._asdict())
    sys.stdout.write(
        "".join(f"{role:<10} {version}\n" for role, version in found._asdict().items())
    )
    return ExitCode.CLEAN


get = Command(
    description="Download artifacts from a TUF repository; what fails a check is not written.",
    configure=_configure_get,
    run=with_tuf(_run_get),
    epilogue="""\
examples:
  pratique repository get packages/alpha-1.0.tar.gz --url https://repo.example.test \\
      --root root.json -o downloads
""",
)
refresh = Command(
    description="Bring the trusted metadata of a TUF repository up to date, and say which "
    "versions are trusted now.",
    configure=_common,
    run=with_tuf(_run_refresh),
)


def _remote(options: Namespace, target_url: str = "") -> Remote:
    from pratique.repository.client import Remote

    base = _address(options.url)
    metadata_url = _address(options.metadata_url) or (f"{base}metadata/" if base else "")
    if not metadata_url:
        raise UsageError("No repository is named.", remedy="Give --url or --metadata-url.")
    return Remote(
        metadata_url,
        options.metadata_dir or _kept(metadata_url),
        _address(target_url) or (f"{base}targets/" if base else ""),
    )


def _address(text: str) -> str:
    """A URL with a slash at its end; a folder becomes a ``file:`` one.

    Raises:
        UsageError: It is of a kind that is not fetched.
    """
    if not text:
        return ""
    if "://" not in text:
        text = Path(text).absolute().as_uri()
    if urlsplit(text).scheme not in {"http", "https", "file"}:
        raise UsageError(f"{text} is no http, https or file address.")
    return text if text.endswith("/") else f"{text}/"


def _kept(metadata_url: str) -> Path:
    import hashlib

    from platformdirs import user_data_path

    name = hashlib.sha256(metadata_url.encode()).hexdigest()[:32]
    return user_data_path("pratique") / "tuf" / name


def _say_json(value: object) -> int:
    sys.stdout.write(indented_json(value).decode())
    return ExitCode.CLEAN
