"""Files of a git repository, without a work tree: nothing of it is ever run or checked out.

The ``git`` on this machine is used, without anybody's configuration, hooks,
filters, submodules or prompts, and with only the protocols that are named.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from pratique.model.errors import LimitError, UpstreamError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SECONDS = 300
"""Longest that git may take for one step."""

MAX_LIST_BYTES = 64 * 1024 * 1024
"""Longest list of files: some 500,000 of them."""

_REF = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,199}\Z")
_KEPT = ("PATH", "HOME", "SSH_AUTH_SOCK", "SSL_CERT_FILE", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY",
         "https_proxy", "http_proxy", "no_proxy", "ALL_PROXY", "all_proxy")  # fmt: skip
"""Of the environment that git sees: what is needed to reach a server."""


class _Address(msgspec.Struct, frozen=True):
    url: str
    protocol: str
    ref: str
    folder: str


def _address(place: str) -> _Address:
    """The parts of ``git+ADDRESS[@REF][#FOLDER]``.

    Raises:
        UsageError: It has not this form, or another protocol.
    """
    url, _, folder = place.removeprefix("git+").partition("#")
    head, at, ref = url.rpartition("@")
    if at and "/" in head.partition("://")[2] + head[:1]:
        url = head
    else:
        ref = ""
    protocol = urlsplit(url).scheme if "://" in url else "file"
    wrong = (
        protocol not in {"https", "ssh", "file"}
        or not url
        or url.startswith("-")
        or "::" in url
        or (bool(ref) and (not _REF.match(ref) or ".." in ref))
        or ".." in folder.split("/")
        or folder.startswith(("-", "/", ":"))
    )
    if wrong:
        raise UsageError(
            f"{place!r} is not the address of a git repository that is allowed.",
            remedy="Write git+https://…, git+ssh://… or git+/FOLDER, then @REF or #FOLDER.",
        )
    return _Address(url, protocol, ref, folder.strip("/"))


def repository_files(
    place: str, suffixes: Sequence[str], limit: int, *, offline: bool
) -> Iterator[tuple[str, bytes | None]]:
    """Files of the newest commit, with their paths; ``None`` for what is over the limit.

    Args:
        place: ``git+ADDRESS[@REF][#FOLDER]``.
        suffixes: Of the files wanted.
        limit: Largest file given.
        offline: Refuse what is not on this machine.

    Raises:
        UsageError: The place is not allowed, it is offline, or there is no git.
        UpstreamError: The repository cannot be had.
    """
    address = _address(place)
    if offline and address.protocol != "file":
        raise UsageError(f"{place} cannot be fetched offline.", remedy="Leave out --offline.")
    if shutil.which("git") is None:
        raise UsageError("git is not installed.", remedy="Install it, or name a folder.")
    with tempfile.TemporaryDirectory(prefix="pratique-git-") as folder:
        bare = Path(folder) / "repository"
        # The depth is of no use for a path; with file:// it holds as well.
        url = address.url if address.protocol != "file" else _file_url(address.url)
        command = ["clone", "--quiet", "--bare", "--depth=1", "--no-tags", "--template="]
        if address.ref:
            command.append(f"--branch={address.ref}")
        _git([*command, "--", url, str(bare)], address.protocol)
        listed = _git(
            ["--git-dir", str(bare), "ls-tree", "-r", "-z", "--long", "HEAD", "--",
             *([address.folder] if address.folder else [])],
            address.protocol,
        )  # fmt: skip
        if len(listed) > MAX_LIST_BYTES:
            raise LimitError(f"{place}: holds too many files")
        for entry in filter(None, listed.split(b"\0")):
            about, _, name = entry.partition(b"\t")
            mode, kind, object_id, size = about.split()
            path = name.decode("utf-8", "backslashreplace")
            if kind != b"blob" or mode == b"120000" or not path.lower().endswith(tuple(suffixes)):
                continue
            if int(size) > limit:
                yield path, None
            else:
                blob = ["--git-dir", str(bare), "cat-file", "blob", object_id.decode()]
                yield path, _git(blob, address.protocol)


def _file_url(url: str) -> str:
    if url.startswith("file://"):
        return url
    path = Path(url).resolve()
    if not path.exists():
        raise UsageError(f"{url} is not there.")
    return path.as_uri()


def _git(arguments: Sequence[str], protocol: str) -> bytes:
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    environment |= {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": protocol,
        "GIT_SSH_COMMAND": "ssh -oBatchMode=yes",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "LC_ALL": "C",
    }
    settings = ("core.hooksPath=/dev/null", "core.fsmonitor=false", "safe.directory=*",
                "transfer.fsckObjects=true", "http.followRedirects=false",
                "protocol.allow=never", f"protocol.{protocol}.allow=always")  # fmt: skip
    options = [part for setting in settings for part in ("-c", setting)]
    try:
        done = subprocess.run(  # noqa: S603 - the address and the ref are checked above
            ["git", *options, *arguments],  # noqa: S607 - the one of PATH, as a user would call it
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UpstreamError(f"git did not finish within {SECONDS} seconds.") from None
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
        raise UpstreamError(
            f"git cannot read the repository: {lines[-1][:200]}",
            remedy="Check the address, the ref and the access to it.",
        )
    return done.stdout
