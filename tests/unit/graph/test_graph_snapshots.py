"""Snapshots: what is in them, what is asked of them, and what becomes of damaged ones."""

from __future__ import annotations

import argparse
import json
import stat
from datetime import timedelta
from pathlib import Path

import pytest

duckdb = pytest.importorskip("duckdb", reason="DuckDB (extra 'analytics') is not installed")

from pratique.graph.snapshots import cli, duck, files, questions  # noqa: E402
from pratique.graph.snapshots.tables import TABLES  # noqa: E402
from pratique.model.errors import EvidenceError, UsageError  # noqa: E402
from pratique.store.record import open_record  # noqa: E402

ALPHA, BETA = "pkg:npm/alpha@1.0.0", "pkg:npm/beta@1.0.0"


@pytest.fixture
def filled(store, take, make_sbom):
    """shop loses alpha 1 in March; site has alpha 2 from February on, in two environments."""
    take(
        store,
        make_sbom(
            "pkg:npm/shop@1", {"": [ALPHA], ALPHA: [BETA]}, made="2026-01-10T00:00:00Z",
            licenses={ALPHA: "MIT", BETA: "Apache-2.0"},
        ),
        make_sbom("pkg:npm/shop@2", {"": [BETA]}, made="2026-03-10T00:00:00Z"),
        environment="prod",
    )  # fmt: skip
    site = make_sbom("pkg:npm/site@1", {"": ["pkg:npm/alpha@2.0.0"]}, made="2026-02-10T00:00:00Z")
    take(store, site, environment="prod")
    take(store, site, environment="test")
    take(store, make_sbom("pkg:npm/secret@1", {"": [ALPHA]}), tenant="b")
    return store


def folder_of(store, tenant="default"):
    with open_record(store, tenant) as record:
        return files.current(record)[0]


def over_time(store, question, **more):
    rows, unclear = questions.exposure_over_time(
        folder_of(store), question, upto="2026-04-15T00:00:00", **more
    )
    return {row["begins"]: (row["exposed"], row["products"]) for row in rows}, unclear


def test_exposure_over_time(filled):
    assert over_time(filled, "pkg:npm/alpha") == (
        {
            "2026-01-01": (1, 1),
            "2026-02-01": (2, 2),
            "2026-03-01": (2, 2),
            "2026-04-01": (1, 2),
        },
        [],
    )
    assert [one for one, _ in over_time(filled, ALPHA)[0].values()] == [1, 1, 1, 0]
    assert [one for one, _ in over_time(filled, "pkg:npm/alpha@>=2")[0].values()] == [0, 1, 1, 1]
    assert set(over_time(filled, "pkg:npm/alpha", product="site")[0].values()) == {(1, 1)}
    by_day = over_time(filled, ALPHA, by="day")[0]
    assert (by_day["2026-03-09"][0], by_day["2026-03-11"][0]) == (1, 0)


def test_a_version_that_cannot_be_ordered_is_unknown(store, take, make_sbom):
    take(store, make_sbom("pkg:npm/shop@1", {"": ["pkg:npm/alpha@not-a-version"]}))
    _, unclear = over_time(store, "pkg:npm/alpha@>=1")
    assert unclear == ["pkg:npm/alpha@not-a-version"]


def test_too_many_steps_are_refused(store, take, make_sbom):
    take(store, make_sbom("pkg:npm/shop@1", {"": [ALPHA]}, made="0900-01-01T00:00:00Z"))
    with pytest.raises(UsageError, match="steps"):
        over_time(store, ALPHA, by="day")
    assert len(over_time(store, ALPHA, by="year")[0]) > 1000


def test_what_the_newest_bills_contain(filled):
    folder = folder_of(filled)
    assert questions.top_packages(folder) == [
        {"purl": "pkg:npm/alpha@2.0.0", "products": 1},
        {"purl": BETA, "products": 1},
    ]
    assert questions.top_packages(folder, limit=1, product="shop") == [
        {"purl": BETA, "products": 1}
    ]
    assert questions.licence_mix(folder) == [
        {"licence": "", "packages": 1, "products": 1},
        {"licence": "Apache-2.0", "packages": 1, "products": 1},
    ]


def test_version_spread(filled, take, make_sbom):
    take(
        filled,
        make_sbom("pkg:npm/old@1", {"": [ALPHA]}),
        make_sbom("pkg:npm/more@1", {"": [ALPHA]}),
    )
    folder = folder_of(filled)
    (row,) = questions.version_spread(folder, "pkg:npm/alpha@9")
    assert row == {
        "name": "pkg:npm/alpha",
        "versions": 2,
        "uses": 3,
        "most_used": [
            {"version": "1.0.0", "products": 2},
            {"version": "2.0.0", "products": 1},
        ],
    }
    assert [one["name"] for one in questions.version_spread(folder)] == [
        "pkg:npm/alpha",
        "pkg:npm/beta",
    ]


def everything(folder: Path) -> str:
    with duck.opened(folder) as connection:
        duck.tables(connection, folder, TABLES)
        return str([connection.execute(f"SELECT * FROM {name}").fetchall() for name in TABLES])


def test_a_snapshot_is_of_one_tenant(filled):
    ours, theirs = folder_of(filled), folder_of(filled, "b")
    assert ours != theirs
    assert "secret" not in everything(ours)
    assert "secret" in everything(theirs)
    assert "shop" not in everything(theirs)
    assert stat.S_IMODE(ours.stat().st_mode) == 0o700
    nobody = folder_of(filled, "nobody")
    assert questions.top_packages(nobody) == []
    assert questions.exposure_over_time(nobody, ALPHA, upto="2026-04-15T00:00:00") == ([], [])


def test_scopes_are_in_it(filled):
    folder = folder_of(filled)
    with duck.opened(folder) as connection:
        duck.tables(connection, folder, TABLES)
        found = connection.execute(
            "SELECT count(*), min(scope), max(scope) FROM occurrences"
        ).fetchone()
    assert found == (4, 1, 1)  # what an absent scope of CycloneDX means


def run(capsys, url, one, *words):
    parser = argparse.ArgumentParser()
    one.configure(parser)
    code = one.run(parser.parse_args([*words, "--store", url, "--format", "json"]))
    out = capsys.readouterr()
    return code, json.loads(out.out), out.err


def test_a_table_of_many_steps_is_bounded_and_the_json_is_whole(
    store, take, make_sbom, url, capsys
):
    """One bill with a clock of 1970 makes some hundred months."""
    take(store, make_sbom("pkg:npm/shop@1", {"": [ALPHA]}, made="1970-01-10T00:00:00Z"))
    _, answer, _ = run(capsys, url, cli.trends, "exposure-over-time", ALPHA)
    assert len(answer["rows"]) > 600
    parser = argparse.ArgumentParser()
    cli.trends.configure(parser)
    words = ["exposure-over-time", ALPHA, "--store", url, "--limit", "12"]
    assert cli.trends.run(parser.parse_args(words)) == 0
    out, err = capsys.readouterr()
    shown = out.splitlines()
    assert len(shown) == 1 + 12
    assert shown[-1].startswith(answer["rows"][-1]["begins"]), "the latest are shown"
    assert f"{len(answer['rows']) - 12:,} earlier steps are left out" in err


def test_a_long_name_does_not_widen_the_table(store, take, make_sbom, url, capsys):
    long = f"pkg:npm/{'a' * 200}@1.0.0"
    take(store, make_sbom("pkg:npm/shop@1", {"": [long]}, made="2026-01-10T00:00:00Z"))
    parser = argparse.ArgumentParser()
    cli.trends.configure(parser)
    assert cli.trends.run(parser.parse_args(["top-packages", "--store", url])) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) < 140
    _, answer, _ = run(capsys, url, cli.trends, "top-packages")
    assert any("a" * 200 in str(row) for row in answer["rows"])


def test_commands(filled, url, capsys, tmp_path):
    code, answer, errors = run(capsys, url, cli.snapshot)
    assert (code, errors) == (0, "")
    assert answer["files"]["occurrences"]["rows"] == 4
    code, answer, errors = run(capsys, url, cli.trends, "exposure-over-time", ALPHA)
    assert (code, errors, answer["answer"]) == (0, "", "exposure")
    assert answer["rows"][0] == {"begins": "2026-01-01", "exposed": 1, "products": 1}
    for name in ("top-packages", "version-spread", "licence-mix"):
        code, answer, _ = run(capsys, url, cli.trends, name)
        assert code == 0
        assert len(answer["rows"]) == 2
        assert run(capsys, url, cli.trends, name, "--tenant", "nobody")[1]["rows"] == []
    _, answer, _ = run(capsys, url, cli.snapshot, "--to", str(tmp_path / "it's here"))
    assert files.check(Path(answer["folder"])).files["bills"].rows == 3
    _, answer, _ = run(capsys, url, cli.snapshot, "--to", str(tmp_path / "it's here"))  # replaced
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "precious").write_text("x")
    with pytest.raises(UsageError, match="no snapshot"):
        run(capsys, url, cli.snapshot, "--to", str(tmp_path / "other"))
    assert (tmp_path / "other" / "precious").exists()
    with pytest.raises(UsageError):
        run(capsys, url, cli.trends, "exposure-over-time")
    with pytest.raises(UsageError):
        run(capsys, url, cli.trends, "top-packages", ALPHA)


@pytest.mark.parametrize("damage", ["flip", "cut", "gone", "manifest", "foreign"])
def test_a_damaged_snapshot_is_named_and_made_anew(filled, url, capsys, damage):
    folder = folder_of(filled)
    path = folder / ("manifest.json" if damage in {"manifest", "foreign"} else "packages.parquet")
    if damage == "gone":
        path.unlink()
    elif damage == "flip":
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:-10])
    elif damage == "manifest":
        path.write_bytes(b"{")
    else:
        path.write_text(path.read_text().replace("pratique/snapshot/1", "pratique/snapshot/9"))
    with pytest.raises(EvidenceError, match=path.name):
        files.check(folder)
    code, answer, errors = run(capsys, url, cli.trends, "top-packages")
    assert (code, len(answer["rows"])) == (0, 2)
    assert path.name in errors
    assert "made anew" in errors
    assert run(capsys, url, cli.trends, "top-packages")[2] == ""


def test_a_snapshot_follows_the_record(filled, url, capsys, take, make_sbom, clock):
    run(capsys, url, cli.snapshot)
    clock.now += timedelta(days=1)
    take(filled, make_sbom("pkg:npm/new@1", {"": ["pkg:npm/zeta@1.0.0"]}))
    _, answer, errors = run(capsys, url, cli.trends, "top-packages")
    assert "changed since" in errors
    assert "pkg:npm/zeta@1.0.0" in str(answer)
    folder = folder_of(filled)
    assert [one.name for one in folder.parent.iterdir()] == [folder.name]  # nothing is left behind


def test_questions_reach_nothing_outside(filled, tmp_path):
    folder = folder_of(filled)
    (tmp_path / "outside.csv").write_text("a\n1\n")
    for query in (
        f"SELECT * FROM read_csv('{tmp_path}/outside.csv')",
        f"SELECT * FROM read_csv('{folder}/../outside.csv')",
        f"COPY (SELECT 1) TO '{tmp_path}/made.csv'",
        "SET enable_external_access = true",
        "INSTALL httpfs",
    ):
        with pytest.raises(EvidenceError), duck.opened(folder) as connection:
            connection.execute(query)
    assert not (tmp_path / "made.csv").exists()


def test_without_duckdb_the_extra_is_named(filled, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(EvidenceError) as caught:
        folder_of(filled)
    assert "analytics" in caught.value.remedy
