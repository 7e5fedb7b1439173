"""Ingested advisories and scans of others as causes of events: on SQLite and PostgreSQL."""

from __future__ import annotations

import json
import random
from typing import Any

import msgspec
import pytest
from sqlalchemy import select, update
from zstandard import ZstdDecompressor, compress

from pratique.graph.ingested import Ingested
from pratique.ingest.models import Options
from pratique.ingest.service import ingest
from pratique.model.evidence import Verb
from pratique.store import tables as t
from pratique.store.nodes import open_nodes
from pratique.store.nouns import Noun, NounKind
from pratique.store.watching import open_watched
from pratique.store.withdrawing import withdraw_claim
from pratique.watch.models import Kind
from pratique.watch.service import rematch
from pratique.watch.wording import as_text

BETA = "pkg:npm/beta@1.0.0"
SHOP = {"": ["pkg:npm/alpha@1.0.0"], "pkg:npm/alpha@1.0.0": [BETA]}
COMMIT = "1" * 40
OTHER = "2" * 40
THIRD = "3" * 40
REPOSITORY = "https://example.test/tools/gamma"
COMMITS = {"type": "GIT", "repo": REPOSITORY, "events": [{"introduced": COMMIT}]}


@pytest.fixture
def shop(store, take, make_sbom, advisories):
    """A product with alpha, that needs beta; one run was made."""
    take(store, make_sbom("pkg:npm/shop@1.0", SHOP), product="shop", version="1.0",
         environment="prod", owner="payments")  # fmt: skip
    assert rematch(store, "default", advisories.terms()).first
    return store


@pytest.fixture
def osv(take, advise):
    """Ingests an OSV record."""

    def bring(store: Any, id: str, name: str = "beta", tenant: str = "default", **more: Any) -> Any:
        affected = more.pop("affected", None)
        made = advise(id, name, **more)
        if affected is not None:
            made["affected"] = affected
        return take(store, json.dumps(made).encode(), tenant=tenant)

    return bring


def scan_of(purl: str, *ids: str, scanner: str = "https://example.test/scanner") -> bytes:
    """What a scanner says in an in-toto statement."""
    return json.dumps(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "predicateType": "https://in-toto.io/attestation/vulns/v0.2",
            "subject": [{"uri": purl, "digest": {"sha256": "b" * 64}}],
            "predicate": {
                "scanner": {"uri": scanner, "result": [{"id": one} for one in ids]},
                "metadata": {"scanFinishedOn": "2026-05-03T00:00:00Z"},
            },
        }
    ).encode()


def run(store: Any, advisories: Any, tenant: str = "default", **more: Any) -> Any:
    return rematch(store, tenant, advisories.terms(), **more)


def one_of(outcome: Any) -> Any:
    [event] = outcome.events
    return event


def test_an_ingested_advisory_is_an_event_with_its_document(shop, osv, advisories):
    osv(shop, "OWN-1", fixed="1.1.0", aliases=("CVE-2026-1",))
    done = run(shop, advisories)
    assert (done.whole, done.packages) == (False, 1)  # beta alone was asked about again
    event = one_of(done)
    assert (event.kind, event.vulnerability, event.package) == (Kind.NEW, "OWN-1", BETA)
    assert event.path == ("shop", "pkg:npm/alpha@1.0.0", BETA)
    assert (event.severity, event.score, event.fixed) == ("critical", 9.8, ("1.1.0",))
    assert event.aliases == ("CVE-2026-1",)
    assert (event.cause.kind, event.cause.id) == ("advisory", "OWN-1")
    assert event.cause.document.startswith("sha256:")
    assert event.cause.detail == "in range introduced 0, fixed 1.1.0 of OWN-1"
    assert event.indexed is False
    assert [one.document for one in event.witnesses] == [event.cause.document]
    assert "not signed" in as_text([event])
    again = run(shop, advisories)
    assert (again.events, again.packages) == ((), 0)
    whole = run(shop, advisories, whole=True)
    assert (whole.events, whole.packages) == ((), 2)


@pytest.mark.parametrize(
    ("changed", "kind", "detail"),
    [
        ({"withdrawn": "2026-05-20T00:00:00Z"}, "withdrawn", "withdrawn 2026-05-20T00:00:00Z"),
        ({"fixed": "0.5.0"}, "gone", "it does not cover this version any more"),
        ({"fixed": "2.0.0"}, "fix", "in range introduced 0, fixed 2.0.0 of OWN-1"),
    ],
)
def test_a_later_revision_is_an_event(shop, osv, advisories, changed, kind, detail):
    osv(shop, "OWN-1")
    first = one_of(run(shop, advisories))
    osv(shop, "OWN-1", modified="2026-04-01T00:00:00Z", summary="an older revision")
    assert run(shop, advisories).events == ()
    osv(shop, "OWN-1", modified="2026-05-20T00:00:00Z", **changed)
    event = one_of(run(shop, advisories))
    assert (event.kind.value, event.cause.detail) == (kind, detail)
    assert event.cause.document.startswith("sha256:")
    assert event.cause.document != first.cause.document


def test_an_ingested_advisory_about_something_else_asks_about_nothing(shop, osv, advisories):
    osv(shop, "OWN-1", "elsewhere")
    done = run(shop, advisories)
    assert (done.events, done.packages, done.whole) == ((), 0, False)


def test_the_same_advisory_in_the_index_and_ingested_is_one(shop, osv, advisories, advise):
    osv(shop, "EX-1", aliases=("CVE-2026-1",))
    assert one_of(run(shop, advisories)).indexed is False
    advisories.change(advise("EX-1", "beta", aliases=("CVE-2026-1",)))
    advisories.change(advise("EX-2", "beta", aliases=("CVE-2026-1",)))
    assert run(shop, advisories).events == ()
    with open_watched(shop, "default") as watched:
        assert len(watched.matches()) == 1
    # The index has a later revision, that covers the version no more.
    for id in ("EX-1", "EX-2"):
        advisories.change(advise(id, "beta", fixed="0.1.0", modified="2026-05-25T00:00:00Z"))
    assert one_of(run(shop, advisories)).kind is Kind.GONE
    # And now what was ingested is the later one.
    osv(shop, "EX-1", modified="2026-05-26T00:00:00Z")
    event = one_of(run(shop, advisories))
    assert (event.kind, bool(event.cause.document)) == (Kind.NEW, True)


def test_an_ingested_revision_withdraws_what_the_index_has(shop, osv, advisories, advise):
    advisories.change(advise("EX-1", "beta"))
    assert one_of(run(shop, advisories)).indexed
    moment = "2026-05-20T00:00:00Z"
    osv(shop, "EX-1", modified=moment, withdrawn=moment)
    event = one_of(run(shop, advisories))
    assert (event.kind, event.cause.detail) == (Kind.WITHDRAWN, f"withdrawn {moment}")
    assert event.cause.document.startswith("sha256:")
    assert run(shop, advisories, whole=True).events == ()


def test_an_ingested_advisory_is_its_tenants_alone(shop, osv, take, make_sbom, advisories):
    take(shop, make_sbom("pkg:npm/desk@1.0", SHOP), tenant="other", product="desk", owner="spies")
    assert run(shop, advisories, "other").first
    osv(shop, "OWN-1")
    take(shop, scan_of("pkg:npm/alpha@1.0.0", "CVE-2026-7"))
    assert {one.product for one in run(shop, advisories).events} == {"shop"}
    theirs = run(shop, advisories, "other")
    assert (theirs.events, theirs.packages, theirs.problems) == ((), 0, ())
    whole = run(shop, advisories, "other", whole=True)
    assert (whole.events, whole.packages) == ((), 2)
    osv(shop, "OWN-1", tenant="other")
    assert [one.product for one in run(shop, advisories, "other").events] == ["desk"]


def test_what_an_ingested_advisory_does_not_decide_is_unknown(shop, osv, advisories, take,
                                                              make_sbom):  # fmt: skip
    osv(shop, "OWN-1")
    assert one_of(run(shop, advisories)).kind is Kind.NEW
    # A later revision names commits alone: it cannot be told that beta is clean.
    entry = {"package": {"ecosystem": "npm", "name": "beta"}, "ranges": [COMMITS]}
    later = {"modified": "2026-05-20T00:00:00Z"}
    osv(shop, "OWN-1", affected=[entry, {"ranges": [COMMITS]}], **later)
    done = run(shop, advisories)
    assert (done.events, done.undetermined, done.kept) == ((), 1, 1)
    [line] = done.problems
    assert "names commits of example.test/tools/gamma and no package" in line
    idle = run(shop, advisories)
    assert (idle.undetermined, idle.problems) == (1, done.problems)
    osv(shop, "OWN-1", fixed="0.1.0", modified="2026-05-21T00:00:00Z")
    assert one_of(run(shop, advisories)).kind is Kind.GONE


def test_a_scan_is_an_event_with_its_origin(shop, take, tmp_path, advisories, clock):
    path = tmp_path / "scan.json"
    path.write_bytes(scan_of(BETA, "CVE-2026-7"))
    options = Options(
        verify=lambda _data, _path: "scanner@example.test", collector="harbour", clock=clock
    )
    ingest(shop, [str(path)], options)
    done = run(shop, advisories)
    assert done.packages == 1
    event = one_of(done)
    assert (event.kind, event.vulnerability) == (Kind.NEW, "CVE-2026-7")
    assert (event.severity, event.indexed) == ("unknown", False)
    cause = event.cause
    assert (cause.kind, cause.id) == ("scan", cause.document)
    assert (cause.collector, cause.signer) == ("harbour", "scanner@example.test")
    assert cause.detail == "CVE-2026-7 is named by a scan of https://example.test/scanner"
    assert "collected by harbour, signed by scanner@example.test" in as_text([event])
    take(shop, scan_of("pkg:npm/alpha@1.0.0"))  # novuln
    take(shop, scan_of("pkg:npm/beta@9.9.9", "CVE-2026-8"))  # in no bill
    assert run(shop, advisories).events == ()


def test_a_scan_and_an_advisory_of_one_vulnerability_are_one(shop, take, osv, advisories, advise):
    advisories.change(advise("EX-1", "beta", aliases=("CVE-2026-7",)))
    run(shop, advisories)
    take(shop, scan_of(BETA, "CVE-2026-7"))
    assert run(shop, advisories).events == ()
    # The index says so no more; the scan still does.
    advisories.change(advise("EX-1", "beta", aliases=("CVE-2026-7",), fixed="0.1.0",
                             modified="2026-05-21T00:00:00Z"))  # fmt: skip
    assert run(shop, advisories).events == ()
    take(shop, scan_of(BETA, "GHSA-aaaa-bbbb-cccc", scanner="https://example.test/second"))
    assert one_of(run(shop, advisories)).vulnerability == "GHSA-aaaa-bbbb-cccc"
    # It turns out to be the same one: nothing is gone.
    osv(shop, "GHSA-aaaa-bbbb-cccc", "elsewhere", aliases=("CVE-2026-7",))
    assert run(shop, advisories).events == ()
    with open_watched(shop, "default") as watched:
        assert len(watched.matches()) == 1


def test_a_scan_that_is_taken_back_is_gone(shop, take, advisories):
    take(shop, scan_of(BETA, "CVE-2026-7"))
    document = one_of(run(shop, advisories)).cause.document
    take(shop, scan_of("pkg:npm/elsewhere@1.0.0", "CVE-2026-9"))
    beta = Noun(NounKind.PACKAGE, BETA)
    with open_watched(shop, "default") as watched:
        numbers = watched.record.find([beta])
    with open_nodes(shop, "default") as nodes:
        keys = [one.key for one in nodes.claims([Verb.CERTIFY_VULN], about=[numbers[beta]])]
    for key in keys:
        withdraw_claim(shop, "default", key)
    event = one_of(run(shop, advisories))
    assert (event.kind, event.cause.kind, event.cause.document) == (Kind.GONE, "scan", document)


def test_a_commit_that_an_advisory_names_is_an_event(store, take, make_sbom, osv, advisories):
    purls = [f"pkg:github/tools/gamma@{COMMIT}"]
    purls.append(f"pkg:github/tools/delta@{THIRD}")
    take(store, make_sbom("pkg:npm/shop@1.0", {"": purls}), product="shop", version="1.0")
    run(store, advisories)
    ranges = [COMMITS | {"repo": "https://github.com/tools/gamma"}]
    between = {"type": "GIT", "repo": "https://github.com/tools/delta",
               "events": [{"introduced": "0"}, {"fixed": OTHER}]}  # fmt: skip
    osv(store, "OWN-1", affected=[{"ranges": ranges}])
    event = one_of(run(store, advisories))
    assert (event.package, event.cause.detail) == (
        purls[0],
        f"commit {COMMIT} is named as introduced by OWN-1",
    )
    osv(store, "OWN-2", affected=[{"ranges": [between]}])
    done = run(store, advisories)
    assert (done.events, done.packages) == ((), 1)
    with open_watched(store, "default") as watched:
        ingested = Ingested(watched.record)
        found = ingested.found_by(ingested.keys(["OWN-2"]))
        [[undecided]] = ingested.of(found).undecided.values()
    assert list(found.values()) == [purls[1]]
    assert "what lies between commits is not known" in undecided.reason


def test_where_a_package_comes_from_may_be_said_later(store, take, make_sbom, osv, advisories):
    purl = "pkg:generic/gamma@1.0.0"
    plain = make_sbom("pkg:npm/shop@1.0", {"": [purl]})
    take(store, plain, product="shop", version="1.0")
    run(store, advisories)
    osv(store, "OWN-1", affected=[{"ranges": [COMMITS]}])
    assert run(store, advisories).events == ()
    about = json.loads(make_sbom("pkg:npm/elsewhere@1.0", {"": [purl]}))
    for part in about["components"]:
        part["externalReferences"] = [{"type": "vcs", "url": f"git+{REPOSITORY}@{COMMIT}"}]
    take(store, json.dumps(about).encode(), product="elsewhere", version="1.0")
    done = run(store, advisories)
    assert {(one.product, one.kind) for one in done.events} == {
        ("shop", Kind.NEW),
        ("elsewhere", Kind.NEW),
    }


def test_a_record_that_an_earlier_program_held_is_looked_at_again(shop, osv, advisories):
    osv(shop, "OWN-1")

    def change(connection: Any) -> None:
        body = connection.execute(select(t.watch_state.c.body)).scalar()
        state = msgspec.msgpack.decode(ZstdDecompressor().decompress(bytes(body)))
        for name in ("reads", "filed", "scans", "equal", "sources"):
            state.pop(name)
        # As if it had held the record with the document, and not looked at that.
        state["token"] = connection.execute(select(t.revision.c.token)).scalar()
        packed = compress(msgspec.msgpack.encode(state))
        connection.execute(update(t.watch_state).values(body=packed))

    shop.write(change)
    assert one_of(run(shop, advisories)).vulnerability == "OWN-1"
    assert run(shop, advisories).packages == 0


def test_incremental_runs_with_documents_end_where_a_whole_run_does(
    store, take, make_sbom, osv, advisories, advise
):
    """By a seeded history: after each step the rows are those of a whole run."""
    draw = random.Random(11)
    names = [f"n{n}" for n in range(6)]

    def rows() -> Any:
        with open_watched(store, "default") as watched:
            texts = watched.record.packages()
            return sorted((texts[one.package], one.facts) for one in watched.matches())

    def bill(number: int) -> None:
        purls = [f"pkg:npm/{name}@{draw.choice('123')}.0.0" for name in draw.sample(names, 4)]
        made = f"2026-03-{number + 1:02d}T00:00:00Z"
        take(store, make_sbom(f"pkg:npm/a@{number}", {"": purls}, made=made), product="a",
             version=str(number))  # fmt: skip

    bill(0)
    run(store, advisories)
    seen = []
    for step in range(1, 15):
        moment = f"2026-05-{draw.randrange(1, 28):02d}T00:00:00Z"
        more = {
            "modified": moment,
            "fixed": draw.choice(["", "2.0.0", "3.0.0"]),
            "aliases": (f"CVE-2026-{draw.randrange(3)}",) if draw.random() < 0.5 else (),
            "withdrawn": "2026-05-02T00:00:00Z" if draw.random() < 0.15 else "",
        }
        id, name = f"EX-{draw.randrange(4)}", draw.choice(names)
        what = step % 4
        if what == 0:
            bill(step)
        elif what == 1:
            purl = f"pkg:npm/{name}@{draw.choice('123')}.0.0"
            take(store, scan_of(purl, f"CVE-2026-{draw.randrange(4)}"))
        elif what == 2:
            osv(store, id, name, **more)
        else:
            advisories.change(advise(id, name, **more))
        assert not run(store, advisories).whole
        seen.append(rows())
        assert run(store, advisories, whole=True).events == (), step
        assert rows() == seen[-1], step
    assert len({str(one) for one in seen}) >= 6
