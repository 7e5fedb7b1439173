"""The questions, on SQLite and on PostgreSQL."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime, timedelta

import pytest

from pratique.graph import certify, cli, reach_cli
from pratique.graph.explanation import why
from pratique.graph.exposure import affected_by_package, affected_by_vulnerability
from pratique.graph.knowledge import certification, certified_bad, known
from pratique.graph.models import Change, Reached, Vulnerable
from pratique.graph.patching import patch
from pratique.graph.reach import reach
from pratique.graph.releases import difference, history, latest
from pratique.model.errors import ExitCode, PratiqueError, UsageError
from pratique.model.evidence import Verb
from pratique.store.record import open_record
from pratique.store.writing import write

ALPHA, BETA, GAMMA = "pkg:npm/alpha@1.0.0", "pkg:npm/beta@1.0.0", "pkg:npm/gamma@1.0.0"
CHAIN = {"": [ALPHA, BETA], ALPHA: [BETA], BETA: [GAMMA], GAMMA: [BETA]}
"""beta and gamma need each other."""


def vulnerable(*affected: str, names=("pkg:npm/gamma",), ids=("CVE-2026-1", "GHSA-aaaa-bbbb-cccc")):
    return Vulnerable(
        ids=ids, names=names, matches=lambda purls: [purl for purl in purls if purl in affected]
    )


@pytest.fixture
def filled(store, take, make_sbom):
    take(
        store,
        make_sbom("pkg:npm/shop@1.0.0", CHAIN, made="2026-01-01T00:00:00Z"),
        product="shop", environment="prod", owner="payments", tags=("pci",),
    )  # fmt: skip
    take(store, make_sbom("pkg:npm/site@3.0.0", {"": ["pkg:npm/gamma@2.0.0"]}))
    return store


@pytest.mark.parametrize(
    ("question", "products"),
    [
        ("pkg:npm/gamma", ["shop", "site"]),
        ("pkg:npm/gamma@1.0.0", ["shop"]),
        ("pkg:npm/gamma@>=1.0.0,<2.0.0", ["shop"]),
        ("pkg:npm/gamma@>=2.0.0", ["site"]),
        ("pkg:npm/shop", ["shop"]),
        ("pkg:npm/absent", []),
    ],
)
def test_affected_by_a_package(filled, question, products):
    with open_record(filled, "default") as record:
        found = affected_by_package(record, question)
    assert [hit.product for hit in found.hits] == products


def test_a_hit_has_everything(filled):
    with open_record(filled, "default") as record:
        (hit,) = affected_by_package(record, GAMMA).hits
    assert (hit.version, hit.environments, hit.owners, hit.tags) == (
        "1.0.0",
        ("prod",),
        ("payments",),
        ("pci",),
    )
    assert hit.path == ("shop", BETA, GAMMA)
    assert (hit.current, hit.explained, hit.status) == (True, True, "affected")
    assert hit.since == "2026-01-01T00:00:00.000000Z"


def test_affected_by_a_vulnerability_asks_only_about_its_packages(filled):
    asked = []

    def matches(purls):
        asked.extend(purls)
        return [GAMMA]

    found = Vulnerable(ids=("CVE-2026-1",), names=("pkg:npm/gamma", "not a purl"), matches=matches)
    with open_record(filled, "default") as record:
        answer = affected_by_vulnerability(record, "CVE-2026-1", found)
    assert sorted(asked) == [GAMMA, "pkg:npm/gamma@2.0.0"]
    assert (answer.packages, [hit.product for hit in answer.hits]) == ((GAMMA,), ["shop"])


def test_without_advisories_only_scans_count_and_that_is_said(filled, take):
    scan = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"uri": "pkg:npm/gamma@2.0.0"}],
        "predicateType": "https://in-toto.io/attestation/vulns/v0.2",
        "predicate": {"scanner": {"uri": "x", "result": [{"id": "CVE-2026-1"}]}},
    }
    take(filled, json.dumps(scan).encode())
    with open_record(filled, "default") as record:
        answer = affected_by_vulnerability(record, "cve-2026-1", None)
    assert [hit.product for hit in answer.hits] == ["site"]
    assert answer.undetermined


def vex(
    status: str,
    when: str,
    product: str = "pkg:npm/shop@1.0.0",
    part: str = GAMMA,
    name="GHSA-aaaa-bbbb-cccc",
):
    justified = {"justification": "vulnerable_code_not_present"} if status == "not_affected" else {}
    action = {"action_statement": "update"} if status == "affected" else {}
    statement = {
        "vulnerability": {"name": name},
        "products": [{"@id": product, **({"subcomponents": [{"@id": part}]} if part else {})}],
        "status": status,
        "timestamp": when,
        **justified,
        **action,
    }
    document = {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": f"https://example.test/{status}/{when}",
        "author": "Example",
        "timestamp": when,
        "version": 1,
        "statements": [statement],
    }
    return json.dumps(document).encode()


def test_vex_is_applied_and_shown(filled, take):
    take(
        filled,
        vex("under_investigation", "2026-02-01T00:00:00Z"),
        vex("not_affected", "2026-03-01T00:00:00Z"),
        vex("fixed", "2026-04-01T00:00:00Z", product="pkg:npm/other@1.0.0"),
        vex("fixed", "2026-04-01T00:00:00Z", part="pkg:npm/alpha@1.0.0"),
        vex("fixed", "2026-04-01T00:00:00Z", name="CVE-2026-999"),
    )
    with open_record(filled, "default") as record:
        (hit,) = affected_by_vulnerability(record, "CVE-2026-1", vulnerable(GAMMA)).hits
    assert hit.status == "not_affected"
    assert [one.status for one in hit.vex] == ["not_affected", "under_investigation"]
    assert hit.vex[0].justification == "vulnerable_code_not_present"


def test_vex_finds_its_vulnerability_by_aliases_of_the_record(filled, take):
    osv = {
        "id": "PYSEC-2026-7",
        "schema_version": "1.7.0",
        "modified": "2026-01-01T00:00:00Z",
        "aliases": ["CVE-2026-1"],
        "affected": [],
    }
    take(
        filled, json.dumps(osv).encode(), vex("fixed", "2026-03-01T00:00:00Z", name="PYSEC-2026-7")
    )
    with open_record(filled, "default") as record:
        answer = affected_by_vulnerability(record, "CVE-2026-1", vulnerable(GAMMA, ids=()))
    assert answer.ids == ("CVE-2026-1", "PYSEC-2026-7")
    assert [hit.status for hit in answer.hits] == ["fixed"]


def test_of_equally_new_statements_the_most_careful_counts(filled, take):
    when = "2026-03-01T00:00:00Z"
    take(filled, vex("not_affected", when), vex("affected", when))
    with open_record(filled, "default") as record:
        (hit,) = affected_by_vulnerability(record, "CVE-2026-1", vulnerable(GAMMA)).hits
    assert hit.status == "affected"


def test_an_older_bill_is_not_current(filled, take, make_sbom):
    newer = make_sbom("pkg:npm/shop@2.0.0", {"": [ALPHA]}, made="2026-05-01T00:00:00Z")
    take(filled, newer, product="shop", environment="prod")
    with open_record(filled, "default") as record:
        (hit,) = affected_by_package(record, GAMMA).hits
        assert (hit.version, hit.current) == ("1.0.0", False)
        assert [one.version for one in latest(record, "shop")] == ["2.0.0"]
        (span,) = history(record, GAMMA)
        assert (span.first_version, span.last_version) == ("1.0.0", "1.0.0")
        assert span.gone == "2026-05-01T00:00:00.000000Z"
        (still,) = history(record, ALPHA)
        assert (still.first_version, still.last_version, still.gone) == ("1.0.0", "2.0.0", "")
        found = difference(record, "shop", "1.0.0", "2.0.0")
    assert found.changes == (
        Change(name="pkg:npm/beta", kind="removed", before=("1.0.0",)),
        Change(name="pkg:npm/gamma", kind="removed", before=("1.0.0",)),
    )


def test_diff_tells_directions(store, take, make_sbom):
    one = {"": ["pkg:npm/a@1.9.0", "pkg:npm/b@2.0.0", "pkg:npm/c@1.0.0", "pkg:npm/e@1.0.0"]}
    two = {"": ["pkg:npm/a@1.10.0", "pkg:npm/b@1.0.0", "pkg:npm/d@1.0.0", "pkg:npm/e@1.0.0"]}
    take(store, make_sbom("pkg:npm/shop@1", one), make_sbom("pkg:npm/shop@2", two))
    with open_record(store, "default") as record:
        found = difference(record, "shop", "1", "2")
        assert [(c.name[-1], c.kind) for c in found.changes] == [
            ("a", "upgraded"), ("b", "downgraded"), ("c", "removed"), ("d", "added"),
        ]  # fmt: skip
        with pytest.raises(UsageError, match="There are: 1, 2"):
            difference(record, "shop", "1", "3")
        with pytest.raises(UsageError, match="no product"):
            difference(record, "absent", "1", "2")


def test_why(filled):
    with open_record(filled, "default") as record:
        (found,) = why(record, GAMMA)
        assert why(record, GAMMA, product="site") == []
    assert (found.product, found.package, found.count) == ("shop", GAMMA, 2)
    assert found.shortest == ("shop", BETA, GAMMA)
    assert found.paths == (("shop", BETA, GAMMA), ("shop", ALPHA, BETA, GAMMA))


def test_patch_goes_from_the_inside_out(store, take, make_sbom):
    a, b, c, d = (f"pkg:npm/{name}@1.0.0" for name in "abcd")
    take(store, make_sbom("pkg:npm/shop@1", {"": [a], a: [b, c], b: [d], c: [b], d: []}), owner="x")
    take(store, make_sbom("pkg:npm/site@1", {"": [c, "pkg:npm/e@1.0.0"], c: [d]}))
    with open_record(store, "default") as record:
        found = patch(record, d)
        assert [(wave.step, wave.packages) for wave in found.waves] == [
            (0, (d,)), (1, (b,)), (2, (c,)), (3, (a,)),
        ]  # fmt: skip
        assert (found.products, found.owners) == ((("shop", "1"), ("site", "1")), ("x",))
        assert patch(record, "pkg:npm/absent").waves == ()


def test_patch_takes_a_circle_as_one_step(filled):
    with open_record(filled, "default") as record:
        found = patch(record, GAMMA)
    assert [wave.packages for wave in found.waves] == [(BETA, GAMMA), (ALPHA,)]


def test_reach_is_over_the_union(filled):
    with open_record(filled, "default") as record:
        assert reach(record, ALPHA, dependents=False) == [
            Reached(distance=1, package=BETA, scopes=("runtime",)),
            Reached(distance=2, package=GAMMA, scopes=("runtime",)),
        ]
        assert reach(record, GAMMA, dependents=True) == [
            Reached(distance=1, package=BETA, scopes=("runtime",)),
            Reached(distance=2, package=ALPHA, scopes=("runtime",)),
        ]
        assert len(reach(record, GAMMA, dependents=True, depth=1)) == 1


def test_the_past_answers_as_it_did(store, take, make_sbom, clock):
    take(store, make_sbom("pkg:npm/shop@1", {"": [ALPHA], ALPHA: [BETA]}))
    then = clock.now
    clock.now += timedelta(days=1)
    take(store, make_sbom("pkg:npm/site@1", {"": [ALPHA], ALPHA: [GAMMA]}))
    with open_record(store, "default", then) as record:
        assert [hit.product for hit in affected_by_package(record, ALPHA).hits] == ["shop"]
        assert [one.package for one in reach(record, ALPHA, dependents=False)] == [BETA]
        assert affected_by_package(record, GAMMA).hits == ()
    with open_record(store, "default") as record:
        assert [one.package for one in reach(record, ALPHA, dependents=False)] == [BETA, GAMMA]


def test_certified_once(filled, counts):
    said = {"justification": "steals"}
    when = datetime(2026, 1, 1, tzinfo=UTC)
    entry = certification("pkg:npm/gamma", Verb.CERTIFY_BAD, said, collector="me", observed=when)
    write(filled, "default", [entry])
    before = counts(filled)
    again = certification(
        "pkg:npm/gamma", Verb.CERTIFY_BAD, said, collector="me", observed=when + timedelta(days=3)
    )
    write(filled, "default", [again])
    assert counts(filled) == before
    with open_record(filled, "default") as record:
        (bad,) = certified_bad(record)
        assert (bad.subject, bad.said) == ("pkg:npm/gamma", said)
        # What is said of every version is known of each.
        assert bad in known(record, GAMMA).evidence
        name = known(record, "pkg:npm/gamma")
        assert name.versions == (GAMMA, "pkg:npm/gamma@2.0.0")
        assert {one.product for one in name.shipments} == {"shop", "site"}
    with open_record(filled, "other") as record:
        assert certified_bad(record) == []
        assert known(record, "pkg:npm/gamma").versions == ()


@pytest.mark.parametrize("text", ["", "alpha", "https://example.test/x", "sha256:zz"])
def test_a_noun_that_is_none(filled, text):
    with open_record(filled, "default") as record, pytest.raises(UsageError):
        known(record, text)


def command(capsys, url, one, *words):
    parser = argparse.ArgumentParser()
    one.configure(parser)
    code = one.run(parser.parse_args([*words, "--store", url, "--format", "json"]))
    return code, json.loads(capsys.readouterr().out)


QUESTIONS = {
    "affected": (cli.affected, [GAMMA]),
    "why": (cli.why, [GAMMA]),
    "dependents": (reach_cli.dependents, [GAMMA]),
    "dependencies": (reach_cli.dependencies, [ALPHA]),
    "known": (cli.known, [GAMMA]),
    "history": (cli.history, [GAMMA]),
    "patch": (cli.patch, [GAMMA]),
    "top": (cli.top, []),
    "products": (cli.products, []),
    "bad": (cli.bad, []),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_commands_answer_in_json_and_show_no_other_tenant(filled, url, capsys, name):
    one, words = QUESTIONS[name]
    write(
        filled,
        "default",
        [
            certification(
                GAMMA,
                Verb.CERTIFY_BAD,
                {"justification": "x"},
                collector="me",
                observed=datetime.now(UTC),
            )
        ],
    )
    _, answer = command(capsys, url, one, *words)
    assert answer["schema"] == f"pratique/{name}/1"
    assert "shop" in json.dumps(answer) or "gamma" in json.dumps(answer)
    code, other = command(capsys, url, one, *words, "--tenant", "other")
    rest = {key: value for key, value in other.items() if key != "question"}
    assert not {"gamma", "shop", "beta"} & set(
        json.dumps(rest).replace("/", " ").replace("@", " ").split()
    )
    assert "shop" not in json.dumps(rest)
    assert code == 0


def test_affected_command(filled, url, capsys):
    code, answer = command(capsys, url, cli.affected, GAMMA)
    assert (code, answer["answer"]) == (ExitCode.FINDINGS, "exposure")
    assert [hit["product"] for hit in answer["hits"]] == ["shop"]
    code, answer = command(capsys, url, cli.affected, "pkg:npm/absent")
    assert (code, answer["hits"]) == (ExitCode.CLEAN, [])
    code, answer = command(capsys, url, cli.affected, "CVE-2026-1")
    assert (code, answer["hits"]) == (ExitCode.INCOMPLETE, [])
    ask = cli.affected_with(lambda _id, _options: vulnerable(GAMMA))
    code, answer = command(capsys, url, ask, "CVE-2026-1")
    assert (code, answer["hits"][0]["path"]) == (ExitCode.FINDINGS, ["shop", BETA, GAMMA])


def test_certify_and_contact_commands(url, filled, capsys):
    words = ["bad", "pkg:npm/alpha", "-j", "steals", "--by", "me"]
    code, answer = command(capsys, url, certify.certify, *words)
    assert (code, answer["new"]) == (0, True)
    assert command(capsys, url, certify.certify, *words)[1]["new"] is False
    command(
        capsys, url, certify.contact, "pkg:npm/alpha", "--email", "a@example.test", "--by", "me"
    )
    _, answer = command(capsys, url, cli.known, "pkg:npm/alpha")
    assert {one["verb"] for one in answer["evidence"]} == {"CertifyBad", "PointOfContact"}
    _, answer = command(capsys, url, cli.bad)
    assert [(one["subject"], one["products"]) for one in answer["evidence"]] == [
        ("pkg:npm/alpha", ["shop"])
    ]
    _, answer = command(capsys, url, cli.bad, "--as-of", "2020-01-01")
    assert answer["evidence"] == []


def test_ingest_command(url, tmp_path, make_sbom, capsys):
    from pratique.ingest.cli import ingest

    path = tmp_path / "a.cdx.json"
    path.write_bytes(make_sbom("pkg:npm/shop@1.0.0", CHAIN))
    words = [
        str(path),
        "--product",
        "checkout",
        "--version",
        "1.4",
        "--environment",
        "prod",
        "--owner",
        "payments",
        "--tag",
        "x",
    ]
    code, answer = command(capsys, url, ingest, *words)
    assert (code, answer["added"]) == (0, 1)
    assert command(capsys, url, ingest, *words)[1]["known"] == 1
    _, answer = command(capsys, url, cli.products, "checkout", "--latest")
    (row,) = answer["products"]
    assert (row["version"], row["environment"], row["owner"], row["tags"]) == (
        "1.4",
        "prod",
        "payments",
        ["x"],
    )
    (tmp_path / "bad.cdx.json").write_text("{")
    assert command(capsys, url, ingest, str(tmp_path / "bad.cdx.json"))[0] == ExitCode.INCOMPLETE


def test_bad_bytes_are_found_in_products(store, take, make_sbom, url, capsys):
    digest = "ab" * 32
    take(store, make_sbom("pkg:npm/shop@1", {"": [ALPHA, BETA]}, hashes={ALPHA: digest}))
    words = ["bad", f"sha256:{digest}", "-j", "steals", "--by", "me"]
    command(capsys, url, certify.certify, *words)
    command(capsys, url, certify.certify, "bad", "pkg:npm/absent@1", "-j", "x", "--by", "me")
    _, answer = command(capsys, url, cli.bad)
    assert {one["subject"]: one["products"] for one in answer["evidence"]} == {
        f"sha256:{digest}": ["shop"],
        "pkg:npm/absent@1": [],
    }


def test_the_newest_bills_of_all_products(store, take, make_sbom, url, capsys):
    take(
        store,
        make_sbom("pkg:npm/shop@1", made="2026-01-01T00:00:00Z"),
        make_sbom("pkg:npm/shop@2", made="2026-02-01T00:00:00Z"),
        make_sbom("pkg:npm/site@7", made="2026-01-01T00:00:00Z"),
        environment="prod",
    )
    take(store, make_sbom("pkg:npm/shop@1", made="2026-01-01T00:00:00Z"), environment="old")
    _, answer = command(capsys, url, cli.products, "--latest")
    assert [(one["product"], one["version"], one["environment"]) for one in answer["products"]] == [
        ("shop", "1", "old"),
        ("shop", "2", "prod"),
        ("site", "7", "prod"),
    ]
    _, answer = command(capsys, url, cli.products, "--latest", "--environment", "prod")
    assert len(answer["products"]) == 2
    _, one = command(capsys, url, cli.products, "shop", "--latest")
    assert [row["version"] for row in one["products"]] == ["1", "2"]


def test_many_packages_are_counted_at_once(filled, url, capsys, tmp_path, monkeypatch):
    path = tmp_path / "vulnerable.txt"
    path.write_text(f"# found by a scan\n{GAMMA}\n\n{ALPHA}\npkg:npm/absent@1\n{GAMMA}\n")
    words = ["--from", str(path)]
    code, answer = command(capsys, url, reach_cli.dependents, *words)
    assert (code, answer["answer"]) == (0, "ecosystem reach")
    assert answer["counts"] == [
        {"package": GAMMA, "dependents": 2},
        {"package": ALPHA, "dependents": 0},
    ]
    assert answer["absent"] == ["pkg:npm/absent@1"]
    _, answer = command(capsys, url, reach_cli.dependencies, *words)
    assert answer["counts"][0] == {"package": ALPHA, "dependencies": 2}
    _, answer = command(capsys, url, reach_cli.dependents, *words, "--tenant", "other")
    assert (answer["counts"], len(answer["absent"])) == ([], 3)
    for wrong in ([], [GAMMA, *words], ["--from", str(tmp_path)], [GAMMA, "--depth", "-1"]):
        with pytest.raises(UsageError):
            command(capsys, url, reach_cli.dependents, *wrong)
    for content in (b"", b"# nothing", b"\xff\xfe", b"pkg:npm/a@>=x<y"):
        path.write_bytes(content)
        with pytest.raises(PratiqueError):
            command(capsys, url, reach_cli.dependents, *words)
    path.write_text("pkg:npm/gamma@>=1")
    monkeypatch.setattr("pratique.graph.reach_cli.MAX_QUESTIONS", 0)
    with pytest.raises(UsageError, match="has over"):
        command(capsys, url, reach_cli.dependents, *words)


def test_tables_for_people(filled, url, capsys):
    for one, words in QUESTIONS.values():
        parser = argparse.ArgumentParser()
        one.configure(parser)
        one.run(parser.parse_args([*words, "--store", url]))
    text = capsys.readouterr().out
    assert f"shop > {BETA} > {GAMMA}" in text
