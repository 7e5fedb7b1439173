"""Compressed documents: all methods, damaged ones, and bombs."""

from __future__ import annotations

import bz2
import gzip
import lzma
import random
import tracemalloc
import zlib
from contextlib import suppress
from functools import partial
from time import process_time

import pytest
import zstandard

from pratique.formats import compressed
from pratique.formats.compressed import decompress, method, stem
from pratique.formats.registry import by_name, detect, opened
from pratique.model.errors import InputError, LimitError

METHODS = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": partial(lzma.compress, preset=0),
    "zstd": zstandard.ZstdCompressor().compress,
}
TEXT = b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": []}' * 50


@pytest.fixture(params=METHODS)
def compress(request):
    return METHODS[request.param]


def test_round_trip(compress):
    for data in (TEXT, b"", random.Random(1).randbytes(3_000_000), b"a" * 3_000_000):
        assert decompress(compress(data), "a") == data


def test_members_behind_each_other_are_one_document(compress):
    assert decompress(compress(b"alpha") + compress(b"") + compress(b"beta"), "a") == b"alphabeta"
    assert decompress(compress(b"alpha") + bytes(10), "a") == b"alpha"


def test_the_first_bytes_decide_and_not_the_name(compress):
    data = compress(TEXT)
    assert method(data)
    assert decompress(data, "a.json") == TEXT
    assert decompress(TEXT, "a.json.gz") == TEXT
    assert not method(TEXT)


def test_only_one_layer_is_taken_off(compress):
    inner = gzip.compress(TEXT)
    assert decompress(compress(inner), "a") == inner


def test_damaged_data_is_refused(compress):
    data = compress(TEXT)
    assert method(data[:6])
    for cut in range(6, len(data), 7):
        with pytest.raises(InputError, match=r"'a\.gz' is damaged"):
            decompress(data[:cut], "x/a.gz")
    with pytest.raises(InputError, match="is damaged"):
        decompress(data + b"more", "a")


def test_changed_bytes_never_crash(compress):
    chooser, data = random.Random(7), compress(TEXT)
    for _ in range(300):
        changed = bytearray(data)
        for _ in range(chooser.randint(1, 4)):
            changed[chooser.randrange(len(changed))] = chooser.randrange(256)
        with suppress(InputError):  # nothing else may be raised
            decompress(bytes(changed), "a")


def test_bombs_are_refused_early_and_small(compress):
    data = compress(bytes(300_000_000))
    tracemalloc.start()
    before = process_time()
    with pytest.raises(LimitError, match="unpacks to more than the limit"):
        decompress(data, "bomb")
    assert process_time() - before < 15
    assert tracemalloc.get_traced_memory()[1] < 200_000_000
    tracemalloc.stop()


def test_the_ratio_does_not_bind_short_documents(compress):
    data = b"a" * (compressed.FREE_BYTES - 1)
    assert len(compress(data)) * compressed.MAX_RATIO < len(data)
    assert decompress(compress(data), "a") == data


def test_the_largest_document_is_a_limit(compress, monkeypatch):
    monkeypatch.setattr(compressed, "MAX_DOCUMENT_BYTES", 1000)
    assert decompress(compress(b"a" * 1000), "a") == b"a" * 1000
    with pytest.raises(LimitError, match="limit of 1,000 bytes"):
        decompress(compress(b"a" * 1001), "a")


def test_endless_members_are_a_limit(compress):
    before = process_time()
    with pytest.raises(LimitError, match="8,192 compressed members"):
        decompress(compress(b"") * 20_000, "a")
    assert process_time() - before < 25


def wanting_a_gigabyte() -> bytes:
    """An .xz file whose block says so (The .xz File Format 1.2.1, section 3.1 and 5.3.1)."""
    made = bytearray(lzma.compress(b"alpha"))
    header = slice(12, 12 + (made[12] + 1) * 4)
    assert made[14:16] == b"\x21\x01"  # LZMA2, with one byte of properties
    made[16] = 36  # 2 to the 30 bytes of dictionary
    block = made[header]
    made[header] = block[:-4] + zlib.crc32(block[:-4]).to_bytes(4, "little")
    return bytes(made)


@pytest.mark.parametrize("name", ["xz", "zstd"])
def test_memory_of_the_method_is_a_limit(name):
    if name == "xz":
        data = wanting_a_gigabyte()
    else:
        parameters = zstandard.ZstdCompressionParameters(window_log=30)
        stream = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
        data = stream.compress(b"alpha") + stream.flush()
    with pytest.raises(LimitError, match="needs more memory"):
        decompress(data, "a")


@pytest.mark.parametrize(
    ("name", "without"),
    [
        ("a.cdx.json.gz", "a.cdx.json"),
        ("x/b.spdx.BZ2", "x/b.spdx"),
        ("a.json", "a.json"),
        ("-", "-"),
    ],
)
def test_stem(name, without):
    assert stem(name) == without


@pytest.mark.parametrize("suffix", compressed.SUFFIXES)
def test_names_of_compressed_bills_of_materials(suffix):
    assert [r.name for r in by_name("x/a.cdx.json" + suffix)] == ["cyclonedx-json"]
    assert by_name("a.spdx" + suffix) == by_name("a.spdx")
    assert not by_name("package-lock.json" + suffix)
    assert not by_name("a" + suffix)


def test_opened(compress):
    data = compress(TEXT)
    for path in ("a.cdx.json.gz", "a.cdx.json", "-", "a"):
        name, content = opened(path, data)
        assert content == TEXT
        assert detect(name, content).name == "cyclonedx-json"
    assert opened("a.cdx.json", TEXT) == ("a.cdx.json", TEXT)
    assert opened("package-lock.json", data) == ("package-lock.json", data)
