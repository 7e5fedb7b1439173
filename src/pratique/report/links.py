"""Which addresses a reader may be sent to."""

from __future__ import annotations

import re

_WEB = re.compile(r"https?://[A-Za-z0-9\[][!#$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]*")
"""Printable ASCII that RFC 3986 allows in a URI, behind a web scheme."""


def is_web(url: str) -> bool:
    """Whether it is a plain http(s) address: no other scheme, no blanks, no markup."""
    return _WEB.fullmatch(url) is not None and len(url) <= MAX_URL


MAX_URL = 2_000
"""Longest address that is made a link: what every browser takes."""
