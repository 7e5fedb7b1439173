"""Where OSV's files are, and by which proxy they are fetched."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from pratique.model.errors import UsageError

DEFAULT_URL = "https://osv-vulnerabilities.storage.googleapis.com"
"""OSV's export bucket, as its documentation gives it."""

VARIABLE = "PRATIQUE_OSV_URL"
"""Environment variable that names another place with the same files."""

PROXY_VARIABLE = "PRATIQUE_OSV_PROXY"
"""Environment variable that names a proxy for these requests only."""


def proxy_of(given: str = "") -> str:
    """The proxy to use: as given, or as ``PRATIQUE_OSV_PROXY`` says; empty for the usual ones.

    Raises:
        UsageError: It is not an http or https address.
    """
    proxy = given or os.environ.get(PROXY_VARIABLE, "")
    parts = urlsplit(proxy)
    if proxy and (parts.scheme not in {"http", "https"} or not parts.netloc):
        raise UsageError(
            f"{proxy!r} is not the address of a proxy.",
            remedy="Write it like http://proxy.example.test:3128.",
        )
    return proxy


def base_url(given: str = "") -> str:
    """Where the files are: as given, as the environment says, or OSV's own bucket.

    Raises:
        UsageError: It is not an http or https address.
    """
    url = (given or os.environ.get(VARIABLE) or DEFAULT_URL).rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise UsageError(f"{url!r} is not an http or https address.", remedy=f"Set {VARIABLE}.")
    return url
