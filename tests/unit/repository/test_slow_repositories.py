"""Transfers that come too slowly, or take too long, are given up (TUF 1.0, section 1.5.2)."""

from __future__ import annotations

from itertools import count

import pytest

pytest.importorskip("tuf")

from tuf.api.exceptions import DownloadError, DownloadHTTPError, SlowRetrievalError

from pratique.sources.transfer import Transfer
from pratique.sources.tuf_fetching import BLOCK, GRACE_SECONDS, MIN_BYTES_PER_SECOND, Fetcher, paced

URL = "https://repo.example.test/a"


def clock(step: float):
    ticks = count()
    return lambda: next(ticks) * step


def test_what_keeps_the_pace_arrives_whole():
    blocks = [b"a" * MIN_BYTES_PER_SECOND] * 100
    assert list(paced(blocks, URL, clock(1.0))) == blocks


def test_what_falls_below_the_pace_is_given_up_after_the_grace():
    taken: list[bytes] = []
    with pytest.raises(SlowRetrievalError, match="less than 1,024 bytes a second"):
        taken.extend(paced([b"a"] * 100, URL, clock(1.0)))
    assert len(taken) == GRACE_SECONDS


def test_what_takes_too_long_at_any_pace_is_given_up():
    blocks = [b"a" * BLOCK] * 100
    with pytest.raises(SlowRetrievalError, match="takes over 10 seconds"):
        list(paced(blocks, URL, clock(1.0), seconds=10.0))


def test_files_are_read_as_addresses_and_nothing_else(tmp_path):
    (tmp_path / "a b").write_bytes(b"content")
    with Transfer() as transfer:
        fetcher = Fetcher(transfer)
        assert b"".join(fetcher.fetch((tmp_path / "a b").as_uri())) == b"content"
        with pytest.raises(DownloadHTTPError) as absent:
            list(fetcher.fetch((tmp_path / "c").as_uri()))
        assert absent.value.status_code == 404
        with pytest.raises(DownloadError, match="no http, https or file address"):
            list(fetcher.fetch("ftp://repo.example.test/a"))
