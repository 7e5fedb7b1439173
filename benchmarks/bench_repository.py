"""Publishing artifacts in a signed repository, beside python-tuf's own way to write the bins.

Run: ``pytest benchmarks/bench_repository.py -s``.  What is published is taken
again by python-tuf's client.  Small artifacts, so that the work is the
repository's and not the disk's.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter, sleep

import msgspec
import pytest
from tuf.api.metadata import Metadata, TargetFile, Targets
from tuf.api.serialization.json import JSONSerializer

from pratique.repository import service
from pratique.repository.bins import bin_of
from pratique.repository.client import Remote, get
from pratique.repository.keys import create_key, read_key
from pratique.sources.transfer import Transfer
from pratique.sources.tuf_fetching import Fetcher

ARTIFACTS = 100_000
BINS = 1024
OWED_PUBLISHED = 5_000
"""Artifacts a second, signed and published."""

OWED_ONE = 0.2
"""Seconds from a file to its publication where the repository is full."""

OWED_COPY = 0.33
"""Of the pace of a plain copy: taking in hashes and synchronises besides."""

OWED_RATIO = 1.0
"""Times python-tuf, for signing and writing the bins; it synchronises nothing, reads nothing
back and makes no snapshot."""


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """A repository with all artifacts; seconds to take in, to publish, and of a plain copy."""
    folder = tmp_path_factory.mktemp("bench")
    keys = [create_key(folder / f"root{number}.pem") for number in range(2)]
    service.init(folder / "repository", keys, threshold=2, read=read_key, bins=BINS)
    source = folder / "source"
    for number in range(ARTIFACTS):
        file = source / f"{number % 256:02x}" / f"alpha{number}-1.0.tar.gz"
        if number < 256:
            file.parent.mkdir(parents=True)
        file.write_bytes(b"content %d" % number)
    copied = folder / "copied"
    start = perf_counter()
    shutil.copytree(source, copied, copy_function=shutil.copyfile)
    plain = perf_counter() - start
    start = perf_counter()
    added = service.add(folder / "repository", [source])
    took_in = perf_counter() - start
    assert added.staged == ARTIFACTS
    start = perf_counter()
    report = service.publish(folder / "repository")
    published = perf_counter() - start
    assert (report.bins, report.changes) == (BINS, ARTIFACTS)
    return folder, took_in, published, plain


def _taken(folder: Path, path: str) -> bytes:
    public = (folder / "repository" / "public").absolute().as_uri()
    remote = Remote(f"{public}/metadata/", folder / "trusted", f"{public}/targets/")
    with Transfer() as transfer:
        root = folder / "repository/public/metadata/1.root.json"
        found = get(remote, Fetcher(transfer), [path], folder / "taken", root=root)
    return found[0].file.read_bytes()


def _by_python_tuf(folder: Path) -> float:
    """Seconds python-tuf takes to list, sign and write the same artifacts."""
    signer = create_key(folder / "other.pem").signer
    files = [
        TargetFile(length=10, hashes={"sha256": f"{number:064x}"}, path=f"alpha{number}")
        for number in range(ARTIFACTS)
    ]
    out = folder / "python-tuf"
    out.mkdir()
    start = perf_counter()
    expires = datetime.now(UTC) + timedelta(days=90)
    bins = [Metadata(Targets(version=2, expires=expires)) for _ in range(BINS)]
    for file in files:
        bins[bin_of(file.path, BINS)].signed.targets[file.path] = file
    for number, each in enumerate(bins):
        each.sign(signer)
        each.to_file(str(out / f"2.bin-{number:03x}.json"), JSONSerializer())
    return perf_counter() - start


def test_100_000_artifacts(full):
    folder, took_in, published, plain = full
    theirs = _by_python_tuf(folder)
    print(
        f"\n{ARTIFACTS:,} artifacts: copied and hashed {ARTIFACTS / took_in:,.0f}/s, "
        f"published {ARTIFACTS / published:,.0f}/s, both "
        f"{ARTIFACTS / (took_in + published):,.0f}/s; a plain copy {ARTIFACTS / plain:,.0f}/s; "
        f"python-tuf {ARTIFACTS / theirs:,.0f}/s "
        "(bins only, nothing synchronised)"
    )
    assert _taken(folder, "07/alpha7-1.0.tar.gz") == b"content 7"
    assert ARTIFACTS / published >= OWED_PUBLISHED
    assert plain / took_in >= OWED_COPY
    assert theirs / published >= OWED_RATIO


def test_one_artifact(full):
    folder = full[0]
    times = []
    for number in range(10):
        file = folder / f"one-{number}.whl"
        file.write_bytes(b"%d" % number)
        start = perf_counter()
        service.add(folder / "repository", [file])
        service.publish(folder / "repository")
        times.append(perf_counter() - start)
    middle = sorted(times)[5]
    print(
        f"\none artifact at {BINS:,} bins: {middle * 1000:.0f} ms (worst {max(times) * 1000:.0f})"
    )
    assert _taken(folder, "one-9.whl") == b"9"
    assert middle <= OWED_ONE


def test_rstuf_api(tmp_path):
    """The same through RSTUF's service: accepted, journalled, listed and published."""
    from tuf.api.metadata import Root

    from pratique.repository.rstuf.service import Service

    people = [create_key(tmp_path / f"{number}.pem") for number in range(2)]
    online = create_key(tmp_path / "online.pem")
    root = Root(expires=datetime.now(UTC).replace(microsecond=0) + timedelta(days=9))
    for one in people:
        root.add_key(one.public, "root")
    for role in ("targets", "snapshot", "timestamp"):
        root.add_key(online.public, role)
    signed = Metadata(root)
    for one in people:
        signed.sign(one.signer, append=True)
    week = {"expiration": 7}
    roles = dict.fromkeys(("root", "targets", "snapshot", "timestamp"), week)
    roles["bins"] = week | {"number_of_delegated_bins": BINS}
    service_ = Service(tmp_path / "repository", [tmp_path / "online.pem"])

    def done(name, value):
        task, _ = service_.accept(name, msgspec.json.encode(value))
        while service_.tasks.get(task.id).result is None:
            sleep(0.002)
        assert service_.tasks.get(task.id).result["status"] is True

    def listed(start, stop):
        info = {"length": 1, "hashes": {"blake2b-256": "00" * 32}}
        return {"artifacts": [{"path": f"a/{n}.whl", "info": info} for n in range(start, stop)]}

    service_.tasks.start()
    done("bootstrap", {"settings": {"roles": roles}, "metadata": {"root": signed.to_dict()}})
    start = perf_counter()
    for first in range(0, ARTIFACTS, ARTIFACTS // 2):
        done("add_artifacts", listed(first, first + ARTIFACTS // 2))
    pace = ARTIFACTS / (perf_counter() - start)
    times = []
    for number in range(10):
        start = perf_counter()
        done("add_artifacts", listed(ARTIFACTS + number, ARTIFACTS + number + 1))
        times.append(perf_counter() - start)
    service_.tasks.stop()
    typical = sorted(times)[len(times) // 2]
    print(f"\nRSTUF's API: {pace:,.0f}/s; one artifact {typical * 1000:.0f} ms")
    assert pace >= OWED_PUBLISHED
    assert typical <= OWED_ONE
