"""Whole runs: idempotent, in any order, resumable, the same on both databases."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pratique.ingest.models import Options
from pratique.ingest.reading import digest_of
from pratique.ingest.service import ingest
from pratique.model.errors import UsageError
from pratique.store.engine import open_store
from pratique.store.record import open_record

PURLS = [f"pkg:npm/p{number}@{version}" for number in range(5) for version in ("1.0", "2.0")]


@st.composite
def bills(draw):
    subject = f"pkg:npm/app{draw(st.integers(0, 2))}@{draw(st.integers(1, 3))}"
    edges = {"": draw(st.lists(st.sampled_from(PURLS), unique=True, max_size=3))}
    for purl in draw(st.lists(st.sampled_from(PURLS), unique=True, max_size=5)):
        edges[purl] = draw(st.lists(st.sampled_from(PURLS), unique=True, max_size=3))
    licenses = dict.fromkeys(draw(st.lists(st.sampled_from(PURLS), max_size=3)), "MIT")
    return subject, edges, licenses


def made(make_sbom, drawn) -> list[bytes]:
    """Documents of different moments: of equally new ones the one that came in last is newer."""
    return [
        make_sbom(subject, edges, licenses=licenses, made=f"2026-01-01T00:00:{number:02d}Z")
        for number, (subject, edges, licenses) in enumerate(drawn)
    ]


def answers(store) -> dict[str, object]:
    """All that can be asked, without the moments at which documents came in."""
    from pratique.graph.explanation import why
    from pratique.graph.exposure import affected_by_package
    from pratique.graph.reach import reach

    with open_record(store, "default") as record:
        found = {
            "evidence": [
                (one.verb, one.subject, one.object, one.said, [o.document for o in one.origins])
                for one in record.evidence()
            ],
            "packages": sorted(record.packages().values()),
            "top": record.frequencies(4),
            "documents": [(one.digest, one.kind, one.incomplete) for one in record.documents()],
        }
        for number in range(5):
            purl = f"pkg:npm/p{number}"
            exposure = affected_by_package(record, purl)
            found[purl] = (
                exposure.packages,
                [(hit.product, hit.version, hit.packages, hit.path) for hit in exposure.hits],
                why(record, purl),
                reach(record, purl, dependents=True),
                reach(record, purl, dependents=False),
            )
    return found


def written(folder: Path, documents: list[bytes]) -> list[str]:
    for number, data in enumerate(documents):
        (folder / f"{number:03d}.cdx.json").write_bytes(data)
    return sorted(map(str, folder.iterdir()))


quick = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@quick
@given(st.lists(bills(), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_twice_is_once_and_order_does_not_matter(make_sbom, counts, drawn, shuffle):
    documents = made(make_sbom, drawn)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "in"
        folder.mkdir()
        paths = written(folder, documents)
        with open_store(f"sqlite:///{name}/a.sqlite") as one:
            ingest(one, paths)
            rows, first = counts(one), answers(one)
            assert ingest(one, [str(folder)]).added == 0
            assert counts(one) == rows
            assert answers(one) == first
        shuffle.shuffle(paths)
        with open_store(f"sqlite:///{name}/b.sqlite") as two:
            for path in paths:
                ingest(two, [path])
            assert counts(two) == rows
            assert answers(two) == first


@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(bills(), min_size=1, max_size=6))
def test_both_databases_answer_the_same(make_sbom, counts, cluster, drawn):
    documents = made(make_sbom, drawn)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "in"
        folder.mkdir()
        paths = written(folder, documents)
        with open_store(f"sqlite:///{name}/a.sqlite") as one, open_store(cluster.url()) as two:
            ingest(one, paths)
            ingest(two, list(reversed(paths)))
            assert counts(one) == counts(two)
            assert answers(one) == answers(two)


def test_a_folder_with_everything(store, tmp_path, make_sbom, monkeypatch):
    monkeypatch.chdir(tmp_path)
    deep = tmp_path / "in" / "team" / "shop"
    deep.mkdir(parents=True)
    (deep / "app.cdx.json").write_bytes(make_sbom())
    (deep / "package.json").write_text('{"name": "shop", "dependencies": {"alpha": "^1"}}')
    lock = {
        "name": "shop",
        "lockfileVersion": 3,
        "packages": {
            "": {"name": "shop", "version": "1.0.0"},
            "node_modules/alpha": {"version": "1.0.0"},
        },
    }
    (deep / "package-lock.json").write_text(json.dumps(lock))
    (deep / "notes.txt").write_text("nothing to read\n")
    (deep / "broken.cdx.json").write_text('{"bomFormat": "CycloneDX", ')
    (tmp_path / "in" / "other.json").write_text('{"unknown": true}')
    (deep / "link.json").symlink_to("/etc/hostname")
    (deep / "node_modules").mkdir()
    (deep / "node_modules" / "x.cdx.json").write_bytes(make_sbom("pkg:npm/never@1"))
    os.mkfifo(deep / "pipe.json")
    report = ingest(store, ["in"])
    assert report.kinds == {"opaque": 1, "sbom": 2}
    refused = {one.location.path for one in report.problems if one.trouble == "unreadable"}
    assert refused == {f"in/team/shop/{n}" for n in ("broken.cdx.json", "link.json", "pipe.json")}
    assert report.left_out == 2  # the notes, and the manifest that the lockfile supersedes
    with open_record(store, "default") as record:
        assert {one.product for one in record.shipments()} == {"shop"}
        assert "pkg:npm/alpha@1.0.0" in record.packages().values()


def test_json_lines_are_documents_of_their_own(store, tmp_path):
    path = tmp_path / "all.jsonl"
    rows = [
        {
            "id": f"TEST-2026-{n}",
            "schema_version": "1.7.0",
            "modified": "2026-01-01T00:00:00Z",
            "affected": [],
        }
        for n in range(45)
    ]
    text = "\n".join(map(json.dumps, rows)) + '\n{"id": "TEST-broken", "affected": \n'
    path.write_text(text)
    report = ingest(store, [str(path)])
    assert (report.added, report.kinds) == (45, {"advisory": 45})
    assert [
        (one.location.path, one.trouble) for one in report.problems if one.trouble != "notice"
    ] == [(f"{path}:46", "unreadable")]
    assert ingest(store, [str(path)]).added == 0


def test_no_path_is_a_usage_error(store):
    with pytest.raises(UsageError, match="there is no 'absent'"):
        ingest(store, ["absent"])


def test_standard_input(store, make_sbom):
    report = ingest(store, ["-"], Options(), stdin=make_sbom)
    assert report.kinds == {"sbom": 1}


def _killed(make_sbom, tmp_path: Path, kills: int) -> None:
    """Kill runs at random moments; then the whole is there, once, and undamaged."""
    folder = tmp_path / "in"
    folder.mkdir()
    draw = random.Random(7)
    for number in range(200):
        edges = {"": [f"pkg:npm/q{draw.randrange(300)}@{n}" for n in range(20)]}
        (folder / f"{number:03d}.cdx.json").write_bytes(make_sbom(f"pkg:npm/app@{number}", edges))
    url = f"sqlite:///{tmp_path}/x.sqlite"
    code = (
        "import sys\nfrom pratique.store.engine import open_store\n"
        "from pratique.ingest.service import ingest\n"
        "ingest(open_store(sys.argv[1]), [sys.argv[2]])\n"
    )
    for _ in range(kills):
        process = subprocess.Popen([sys.executable, "-c", code, url, str(folder)])
        time.sleep(draw.uniform(0.15, 1.2))
        process.send_signal(signal.SIGKILL)
        process.wait()
        check = sqlite3.connect(tmp_path / "x.sqlite")
        assert check.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        if check.execute("SELECT count(*) FROM sqlite_master WHERE name = 'sbom'").fetchone()[0]:
            whole = "SELECT (SELECT count(*) FROM document), (SELECT count(*) FROM sbom), (SELECT count(DISTINCT sbom_id) FROM inclusion)"
            documents, sboms, included = check.execute(whole).fetchone()
            assert documents == sboms == included
            assert check.execute("PRAGMA foreign_key_check").fetchall() == []
        check.close()
    with open_store(url) as store:
        report = ingest(store, [str(folder)])
        assert report.added + report.known == 200
        with open_record(store, "default") as record:
            assert len(record.documents()) == len(record.shipments()) == 200


def test_a_killed_run_leaves_no_half_document(make_sbom, tmp_path):
    _killed(make_sbom, tmp_path, 3)


@pytest.mark.nightly
def test_twenty_kills(make_sbom, tmp_path):
    _killed(make_sbom, tmp_path, 20)


def test_guac_documents(store, vector_folder):
    """The example data of GUAC: everything but what is named invalid is understood."""
    root = vector_folder("sbom/sbom-vectors.tar.xz")
    found = next(root.rglob("exampledata"))
    report = ingest(store, [str(found)])
    with open_record(store, "default") as record:
        kept = {one.digest for one in record.documents()}
        assert len(record.packages()) > 400
    files = list(found.rglob("*.json"))
    absent = {path.name for path in files if digest_of(path.read_bytes()) not in kept}
    # One has an empty @context, which the reader of OpenVEX takes for another format's.
    wrong = {name for name in absent if not name.startswith("invalid-")}
    assert wrong <= {"open-vex-affected.json"}
    assert report.refused == len(absent)
    assert report.kinds["sbom"] >= 30
    assert report.kinds["attestation"] >= 12
    assert report.kinds["vex"] >= 2
