"""What changed between two runs, with its cause: on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from pratique.store.engine import open_store
from pratique.store.locks import BusyError, sole
from pratique.store.watching import events as listed
from pratique.store.watching import open_watched
from pratique.watch.models import Kind
from pratique.watch.service import LOCK, rematch

SHOP = {"": ["pkg:npm/alpha@1.0.0"], "pkg:npm/alpha@1.0.0": ["pkg:npm/beta@1.0.0"]}


@pytest.fixture
def shop(store, take, make_sbom, advisories):
    """A product with alpha, that needs beta; one run was made."""
    take(store, make_sbom("pkg:npm/shop@1.0", SHOP), product="shop", version="1.0",
         environment="prod", owner="payments")  # fmt: skip
    first = rematch(store, "default", advisories.terms())
    assert first.first
    assert first.events == ()
    return store


def kinds(outcome) -> list[tuple[str, str]]:
    return sorted((one.kind.value, one.vulnerability) for one in outcome.events)


def one_of(outcome) -> Any:
    [event] = outcome.events
    return event


def test_nothing_is_done_where_nothing_came_in(shop, advisories):
    again = rematch(shop, "default", advisories.terms())
    assert (again.events, again.packages, again.places) == ((), 0, 1)


def test_a_new_advisory_is_an_event_with_its_path_and_cause(shop, advisories, advise):
    advisories.change(advise("EX-1", "beta", fixed="1.1.0", aliases=("CVE-2026-1",)))
    done = rematch(shop, "default", advisories.terms())
    assert (done.whole, done.packages) == (False, 1)
    event = one_of(done)
    assert event.kind is Kind.NEW
    assert (event.product, event.version, event.environments) == ("shop", "1.0", ("prod",))
    assert event.owners == ("payments",)
    assert event.path == ("shop", "pkg:npm/alpha@1.0.0", "pkg:npm/beta@1.0.0")
    assert (event.severity, event.score) == ("critical", 9.8)
    assert event.fixed == ("1.1.0",)
    assert (event.cause.kind, event.cause.id) == ("advisory", "EX-1")
    assert event.status == "affected"
    assert rematch(shop, "default", advisories.terms()).events == ()
    assert len(list(listed(shop, "default"))) == 1


def test_an_advisory_about_something_else_asks_about_nothing(shop, advisories, advise):
    advisories.change(advise("EX-9", "elsewhere"))
    done = rematch(shop, "default", advisories.terms())
    assert (done.events, done.packages, done.whole) == ((), 0, False)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"vector": "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"}, "severity"),
        ({"fixed": "2.0.0"}, "fix"),
        ({"withdrawn": "2026-05-20T00:00:00Z"}, "withdrawn"),
        ({"fixed": "0.5.0"}, "gone"),
    ],
)
def test_what_an_advisory_says_otherwise(shop, advisories, advise, changed, expected):
    advisories.change(advise("EX-1", "beta"))
    assert kinds(rematch(shop, "default", advisories.terms())) == [("new", "EX-1")]
    advisories.change(advise("EX-1", "beta", modified="2026-05-21T00:00:00Z", **changed))
    event = one_of(rematch(shop, "default", advisories.terms()))
    assert event.kind.value == expected
    assert event.cause.kind == "advisory"
    if expected == "severity":
        assert (event.before, event.after) == ("critical 9.8", "low 1.8")
    if expected == "fix":
        assert (event.before, event.after) == ("", "2.0.0")
    if expected == "withdrawn":
        assert event.cause.detail == "withdrawn 2026-05-20T00:00:00Z"


def test_an_advisory_that_is_removed_is_gone(shop, advisories, advise):
    advisories.change(advise("EX-1", "beta"))
    rematch(shop, "default", advisories.terms())
    advisories.change(gone=("EX-1",))
    event = one_of(rematch(shop, "default", advisories.terms()))
    assert (event.kind, event.cause.detail) == (Kind.GONE, "the advisory is not there any more")


def test_a_second_name_of_the_same_vulnerability_is_no_news(shop, advisories, advise):
    advisories.change(advise("EX-1", "beta", aliases=("CVE-2026-1",)))
    rematch(shop, "default", advisories.terms())
    advisories.change(advise("GHSA-aaaa-bbbb-cccc", "beta", aliases=("CVE-2026-1",)))
    assert rematch(shop, "default", advisories.terms()).events == ()
    advisories.change(advise("EX-1", "beta", aliases=("CVE-2026-1",), fixed="1.5.0",
                             modified="2026-05-22T00:00:00Z"),
                      advise("GHSA-aaaa-bbbb-cccc", "beta", aliases=("CVE-2026-1",), fixed="1.5.0",
                             modified="2026-05-22T00:00:00Z"))  # fmt: skip
    event = one_of(rematch(shop, "default", advisories.terms()))
    assert (event.kind, event.vulnerability) == (Kind.FIX, "GHSA-aaaa-bbbb-cccc")


def test_two_that_become_one_are_not_gone(shop, advisories, advise):
    advisories.change(advise("EX-1", "beta"), advise("EX-2", "beta"))
    rematch(shop, "default", advisories.terms())
    later = "2026-05-22T00:00:00Z"
    advisories.change(advise("EX-2", "beta", aliases=("EX-1",), modified=later))
    assert rematch(shop, "default", advisories.terms()).events == ()
    advisories.change(gone=("EX-1", "EX-2"))
    assert [e.kind for e in rematch(shop, "default", advisories.terms()).events] == [Kind.GONE]


def test_a_malicious_package_is_told_as_such(shop, advisories, advise):
    advisories.change(advise("MAL-2026-1", "alpha"))
    event = one_of(rematch(shop, "default", advisories.terms()))
    assert (event.kind, event.severity) == (Kind.MALICIOUS, "malicious")


def test_exploitation_and_its_likelihood(shop, advisories, advise):
    advisories.likely(CVE_2026_0001=0.02)
    advisories.change(advise("EX-1", "beta", aliases=("CVE-2026-0001",)))
    assert one_of(rematch(shop, "default", advisories.terms())).epss == 0.02
    advisories.likely(date="2026-05-31", CVE_2026_0001=0.03)
    assert rematch(shop, "default", advisories.terms()).events == ()
    advisories.likely(date="2026-06-01", CVE_2026_0001=0.7)
    event = one_of(rematch(shop, "default", advisories.terms()))
    assert (event.kind, event.before, event.after) == (Kind.LIKELIHOOD, "0.030", "0.700")
    assert (event.cause.kind, event.cause.id) == ("epss", "2026-06-01")
    advisories.exploited("CVE-2026-0001")
    event = one_of(rematch(shop, "default", advisories.terms()))
    assert (event.kind, event.after) == (Kind.EXPLOITED, "2026-05-30")
    assert (event.cause.kind, event.cause.id) == ("kev", "2099.01.01")
    assert rematch(shop, "default", advisories.terms()).events == ()


def test_a_new_bill_brings_and_takes_away(shop, take, make_sbom, advisories, advise):
    advisories.change(advise("EX-1", "beta"), advise("EX-2", "gamma"))
    rematch(shop, "default", advisories.terms())
    edges = {"": ["pkg:npm/alpha@1.0.0", "pkg:npm/gamma@1.0.0"]}
    take(shop, make_sbom("pkg:npm/shop@1.1", edges, made="2026-02-01T00:00:00Z"), product="shop",
         version="1.1", environment="prod", owner="payments")  # fmt: skip
    done = rematch(shop, "default", advisories.terms())
    assert kinds(done) == [("gone", "EX-1"), ("new", "EX-2")]
    assert (done.bills, done.packages) == (1, 1)  # alpha was asked about before
    assert {one.cause.kind for one in done.events} == {"bill"}
    assert {one.version for one in done.events} == {"1.1"}
    new = next(one for one in done.events if one.kind is Kind.NEW)
    assert new.cause.id == new.document
    assert new.path == ("shop", "pkg:npm/gamma@1.0.0")


def test_a_finding_that_stays_over_a_release_is_no_news(shop, take, make_sbom, advisories, advise):
    advisories.change(advise("EX-1", "beta"))
    rematch(shop, "default", advisories.terms())
    take(shop, make_sbom("pkg:npm/shop@1.1", SHOP, made="2026-02-01T00:00:00Z"), product="shop",
         version="1.1", environment="prod", owner="payments")  # fmt: skip
    assert rematch(shop, "default", advisories.terms()).events == ()
    advisories.change(advise("EX-1", "beta", fixed="2.0.0", modified="2026-05-21T00:00:00Z"))
    assert one_of(rematch(shop, "default", advisories.terms())).version == "1.1"


def test_a_bill_that_is_taken_back(shop, advisories, advise, make_sbom, take):
    from pratique.store.withdrawing import withdraw_bill

    advisories.change(advise("EX-1", "beta"))
    rematch(shop, "default", advisories.terms())
    with open_watched(shop, "default") as watched:
        [place] = watched.places()
    take(shop, make_sbom("pkg:npm/other@1.0", {"": ["pkg:npm/delta@1"]}), product="other")
    withdraw_bill(shop, "default", place.digest)
    event = one_of(rematch(shop, "default", advisories.terms()))
    assert (event.kind, event.product, event.cause.id) == (Kind.GONE, "shop", place.digest)


def test_environments_of_one_team_are_one_event_and_of_two_are_two(
    shop, take, make_sbom, advisories, advise
):
    for environment, owner in (("test", "payments"), ("lab", "research")):
        take(shop, make_sbom("pkg:npm/shop@1.0", SHOP), product="shop", version="1.0",
             environment=environment, owner=owner)  # fmt: skip
    rematch(shop, "default", advisories.terms())
    advisories.change(advise("EX-1", "beta"))
    done = rematch(shop, "default", advisories.terms())
    assert sorted((one.owners, one.environments) for one in done.events) == [
        (("payments",), ("prod", "test")),
        (("research",), ("lab",)),
    ]


def test_a_judgement_and_its_expiry(shop, advisories, advise, judge, clock):
    advisories.change(advise("EX-1", "beta", aliases=("CVE-2026-1",)))
    rematch(shop, "default", advisories.terms())
    at = advisories.moment
    judge(shop, "shop", "CVE-2026-1", "not_affected", at, at + timedelta(days=30))
    event = one_of(rematch(shop, "default", advisories.terms()))
    assert (event.kind, event.before, event.after) == (Kind.STATUS, "affected", "not_affected")
    assert event.cause.kind == "vex"
    assert event.cause.id.startswith("sha256:")
    assert "ann" in event.cause.detail
    judged = event.cause.id
    assert rematch(shop, "default", advisories.terms()).events == ()
    # Nothing but time passes.
    later = at + timedelta(days=31)
    event = one_of(rematch(shop, "default", advisories.terms(later)))
    assert (event.kind, event.before, event.after) == (Kind.EXPIRED, "not_affected", "affected")
    assert (event.cause.kind, event.cause.id) == ("expiry", judged)
    assert rematch(shop, "default", advisories.terms(later)).events == ()


def test_what_was_judged_before_it_was_found_has_its_status(shop, advisories, advise, judge):
    judge(shop, "shop", "EX-1", "not_affected", advisories.moment)
    rematch(shop, "default", advisories.terms())
    advisories.change(advise("EX-1", "beta"))
    event = one_of(rematch(shop, "default", advisories.terms()))
    assert (event.kind, event.status) == (Kind.NEW, "not_affected")


def test_unknown_is_not_gone(shop, take, make_sbom, advisories, advise):
    advisories.change(advise("EX-1", "beta"))
    rematch(shop, "default", advisories.terms())
    record = advise("PY-1", "elsewhere")
    record["affected"][0]["package"]["ecosystem"] = "PyPI"
    record["affected"][0]["ranges"][0]["type"] = "ECOSYSTEM"
    advisories.build(record)  # knows nothing of npm
    done = rematch(shop, "default", advisories.terms())
    assert (done.events, done.whole, done.kept) == ((), True, 1)
    assert done.undetermined == 2
    advisories.build(advise("EX-1", "beta", fixed="0.1.0"))
    assert kinds(rematch(shop, "default", advisories.terms())) == [("gone", "EX-1")]


def test_layers_that_were_merged_are_still_told_apart(shop, advisories, advise):
    from pratique.advisories.generation import current, read_manifest
    from pratique.advisories.merging import merge_layers

    for number in range(6):
        advisories.change(advise(f"OLD-{number}", f"elsewhere{number}"))
    rematch(shop, "default", advisories.terms())
    advisories.change(advise("EX-1", "beta"))
    assert len(read_manifest(current(advisories.root)).layers) == 7
    merge_layers(advisories.root, now=advisories.moment + timedelta(seconds=5))
    assert len(read_manifest(current(advisories.root)).layers) < 7
    done = rematch(shop, "default", advisories.terms())
    assert kinds(done) == [("new", "EX-1")]
    # The generation of the last run is two back and gone: then everything is held anew.
    assert done.packages <= 2


def test_tenants_see_nothing_of_each_other(shop, take, make_sbom, advisories, advise):
    take(shop, make_sbom("pkg:npm/desk@1.0", SHOP), tenant="other", product="desk", owner="spies")
    assert rematch(shop, "other", advisories.terms()).first
    advisories.change(advise("EX-1", "beta"))
    mine = rematch(shop, "default", advisories.terms())
    theirs = rematch(shop, "other", advisories.terms())
    assert [one.product for one in mine.events] == ["shop"]
    assert [one.product for one in theirs.events] == ["desk"]
    assert {one.id for one in mine.events}.isdisjoint(one.id for one in theirs.events)
    assert all("desk" not in body for body in listed(shop, "default"))
    assert all("shop" not in body for body in listed(shop, "other"))
    assert list(listed(shop, "nobody")) == []
    assert rematch(shop, "nobody", advisories.terms()).places == 0


def test_one_runner_at_a_time_for_a_tenant(shop, url, advisories):
    with sole(shop, "default", LOCK):
        with open_store(url) as other, pytest.raises(BusyError, match="another process"):
            rematch(other, "default", advisories.terms())
        rematch(shop, "else", advisories.terms())
    rematch(shop, "default", advisories.terms())


def test_incremental_runs_end_where_one_whole_run_does(
    store, take, make_sbom, advisories, advise, judge
):
    """By a seeded history: after each step the rows are those of a run from nothing."""
    import random

    draw = random.Random(7)
    names = [f"n{n}" for n in range(8)]

    def purls(count: int) -> list[str]:
        return [f"pkg:npm/{name}@{draw.choice('123')}.0.0" for name in draw.sample(names, count)]

    def bill(product: str, number: int) -> None:
        made = f"2026-03-{number + 1:02d}T00:00:00Z"
        owner = f"team{len(product)}"
        data = make_sbom(f"pkg:npm/{product}@{number}", {"": purls(4)}, made=made)
        take(store, data, product=product, version=str(number), environment="prod", owner=owner)

    def rows(tenant: str) -> Any:
        with open_watched(store, tenant) as watched:
            texts = watched.record.packages()
            matches = {one.id: (texts[one.package], one.facts) for one in watched.matches()}
            places = {one.id: one for one in watched.places()}
            return sorted(
                (places[p].product, places[p].version, places[p].owners, *matches[m], row.status)
                for (p, m), row in watched.findings(places=places).items()
            )

    for product in ("a", "bb", "ccc"):
        bill(product, 0)
    rematch(store, "default", advisories.terms())
    seen = [rows("default")]
    for step in range(1, 13):
        what = step % 4
        if what == 0:
            bill(draw.choice(["a", "bb", "ccc"]), step)
        elif what == 1 and step > 4:
            judge(store, draw.choice(["a", "bb"]), f"EX-{draw.randrange(6)}", "not_affected",
                  advisories.moment)  # fmt: skip
        else:
            advisories.change(
                *(
                    advise(
                        f"EX-{n}",
                        draw.choice(names),
                        fixed=draw.choice(["", "2.0.0", "3.0.0"]),
                        aliases=(f"CVE-2026-{n % 3}",) if draw.random() < 0.4 else (),
                        modified=f"2026-05-{step + 1:02d}T00:00:00Z",
                        withdrawn="2026-05-02T00:00:00Z" if draw.random() < 0.2 else "",
                    )
                    for n in draw.sample(range(6), 2)
                )
            )
        done = rematch(store, "default", advisories.terms())
        assert not done.whole
        seen.append(rows("default"))
        _forget(store)
        assert rematch(store, "default", advisories.terms()).first
        assert rows("default") == seen[-1], step
    assert sum(a != b for a, b in pairwise(seen)) >= 5


def _forget(store) -> None:
    """Let the next run be the first."""
    from sqlalchemy import delete

    from pratique.store import tables as t

    def change(connection) -> None:
        for table in (t.watch_finding, t.watch_delivery, t.watch_event, t.watch_match,
                      t.watch_place, t.watch_state):  # fmt: skip
            connection.execute(delete(table))

    store.write(change)
