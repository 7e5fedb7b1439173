from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pratique.model.evidence import Verb
from pratique.model.inventory import Component, Document, Inventory
from pratique.model.purl import Package
from pratique.model.vex import Justification, Signature
from pratique.vex import Scene, Target, apply, assess
from pratique.vex.scene import ROOT


def test_not_affected_closes_and_says_by_whom(make_finding, make_statement, now):
    statement = make_statement(
        "not_affected",
        justification=Justification.CODE_NOT_PRESENT,
        justification_as_written="vulnerable_code_not_present",
        impact="The code was\nremoved.",
    )
    (found,) = apply([make_finding()], [statement], now)
    assert found.status == "not_affected"
    assert found.reasons == (
        "VEX: not_affected (vulnerable_code_not_present): The code was removed.; said by author "
        "of one, not signed, 2025-01-01T00:00:00Z, in one.vex.json statements[0]",
    )
    (evidence,) = found.evidence
    assert evidence.verb is Verb.CERTIFY_VEX
    assert evidence.claim["justification"] == "vulnerable_code_not_present"
    assert evidence.origin.signer == ""


@pytest.mark.parametrize("status", ["affected", "under_investigation"])
def test_what_does_not_close_stays_open_with_a_reason(make_finding, make_statement, now, status):
    (found,) = apply([make_finding()], [make_statement(status)], now)
    assert found.status == "open"
    assert found.reasons[0].startswith(f"VEX: {status}")


def test_no_finding_is_deleted_and_the_order_is_kept(make_finding, make_statement, now):
    findings = [make_finding(f"CVE-2025-000{n}") for n in range(9)]
    after = apply(findings, [make_statement("fixed")], now)
    assert [one.id for one in after] == [one.id for one in findings]
    assert [one.status for one in after].count("fixed") == 1


def test_a_waived_finding_keeps_its_status(make_finding, make_statement, now):
    (found,) = apply([make_finding(status="waived")], [make_statement("fixed")], now)
    assert found.status == "waived"
    assert found.reasons


def test_aliases_match_in_any_letter_case(make_finding, make_statement, now):
    statement = make_statement("fixed", vulnerability="GO-2025-1", aliases=("ghsa-aaaa-bbbb-cccc",))
    (found,) = apply([make_finding(aliases=("GHSA-aaaa-bbbb-cccc",))], [statement], now)
    assert found.status == "fixed"


def test_the_latest_wins_whatever_the_order_given(make_finding, make_statement, now):
    old, new = make_statement("affected", day=1), make_statement("fixed", day=2)
    for statements in ([old, new], [new, old]):
        (found,) = apply([make_finding()], statements, now)
        assert found.status == "fixed"
        assert len(found.reasons) == 1, "history within a document is no contradiction"


def test_documents_that_disagree_are_shown(make_finding, make_statement, now):
    supplier = make_statement("affected", day=1, document="supplier")
    local = make_statement("not_affected", day=2, document="local")
    (found,) = apply([make_finding()], [local, supplier], now)
    assert found.status == "not_affected"
    assert found.reasons[1].startswith("VEX contradicts itself: affected; said by author of sup")
    assert len(found.evidence) == 2


def test_precedence_is_policy(make_finding, make_statement, now):
    supplier = make_statement("affected", day=9, document="supplier")
    local = make_statement("not_affected", day=2, document="local")
    (latest,) = apply([make_finding()], [local, supplier], now)
    assert latest.status == "open"
    (preferred,) = apply([make_finding()], [local, supplier], now, preferred=["local"])
    assert preferred.status == "not_affected"
    assert "affected; said by author of supplier" in preferred.reasons[1]


def test_at_one_instant_the_cautious_statement_counts(make_finding, make_statement, now):
    one, two = make_statement("fixed"), make_statement("affected", document="two")
    for statements in ([one, two], [two, one]):
        (found,) = apply([make_finding()], statements, now)
        assert found.status == "open"
        assert "VEX contradicts itself: fixed" in found.reasons[1]


def test_undated_statements_count_less_than_any_dated(make_finding, make_statement, now):
    undated = make_statement("not_affected", day=None, document="two")
    (alone,) = apply([make_finding()], [undated], now)
    assert alone.status == "not_affected"
    assert "undated" in alone.reasons[0]
    (found,) = apply([make_finding()], [undated, make_statement("affected")], now)
    assert found.status == "open"


def test_statements_from_the_future_are_kept_apart(make_finding, make_statement, now):
    early = datetime(2024, 12, 1, tzinfo=UTC)
    (outcome,) = assess([make_finding()], [make_statement("fixed", day=5)], early)
    assert outcome.finding.status == "open"
    assert outcome.standing.effective is None
    assert outcome.finding.reasons[0].startswith("VEX not applied, its date is in the future")


def test_signatures_are_told_apart(make_finding, make_statement, now):
    signed = make_statement("fixed", signature=Signature.VERIFIED, signer="alpha@example.test")
    claimed = make_statement("fixed", signature=Signature.UNVERIFIED)
    (one,) = apply([make_finding()], [signed], now)
    (two,) = apply([make_finding()], [claimed], now)
    assert "signed by alpha@example.test" in one.reasons[0]
    assert one.evidence[0].origin.signer == "alpha@example.test"
    assert "signature not verified" in two.reasons[0]
    assert two.evidence[0].origin.signer == ""


PRODUCT, INSIDE = "pkg:oci/app@sha256:" + "a" * 64, "pkg:pypi/alpha@1.0"


def test_subcomponents_need_their_product(make_finding, make_statement, now):
    statement = make_statement("not_affected", ("pkg:oci/app", "pkg:pypi/alpha"))
    (without,) = apply([make_finding()], [statement], now)
    assert without.status == "open"
    (other,) = apply(
        [make_finding()], [statement], now, scene=Scene([Target.parse("pkg:oci/other")])
    )
    assert other.status == "open"
    (within,) = apply([make_finding()], [statement], now, scene=Scene([Target.parse(PRODUCT)]))
    assert within.status == "not_affected"


def test_a_statement_without_subcomponents_speaks_of_the_whole_product(
    make_finding, make_statement, now
):
    scene = Scene([Target.parse(PRODUCT)])
    (found,) = apply([make_finding()], [make_statement("fixed", "pkg:oci/app")], now, scene=scene)
    assert found.status == "fixed"


def test_a_digest_is_an_identifier(make_finding, make_statement, now):
    statement = make_statement("fixed", "pkg:oci/app@sha256:" + "a" * 64)
    scene = Scene([Target.parse("sha256:" + "b" * 64)])
    assert apply([make_finding()], [statement], now, scene=scene)[0].status == "open"
    assert (
        apply([make_finding()], [statement], now, scene=Scene([Target.parse(PRODUCT)]))[0].status
        == "fixed"
    )


def _scene(**parents: list[str]) -> Scene:
    full = {
        f"pkg:pypi/{n}@1": [p and f"pkg:pypi/{p}@1" for p in above] for n, above in parents.items()
    }
    names = set(full) | {p for above in full.values() for p in above if p}
    return Scene((), {n: Target.parse(n) for n in names}, full)


@pytest.mark.parametrize(
    ("parents", "closed"),
    [
        ({"p": [ROOT], "x": ["p"]}, True),
        ({"p": [ROOT], "q": [ROOT], "x": ["p", "q"]}, False),
        ({"p": [ROOT], "q": ["p"], "x": ["q", "p"]}, True),
        ({"p": [ROOT], "x": ["p", ROOT]}, False),
        ({"p": ["x"], "x": ["p"]}, False),
        ({"p": [ROOT], "q": ["x"], "x": ["p", "q"]}, True),
    ],
    ids=["one way", "two ways", "both through it", "also direct", "a loop", "loop below"],
)
def test_every_way_must_pass_through_the_product(
    make_finding, make_statement, now, parents, closed
):
    statement = make_statement("not_affected", ("pkg:pypi/p", "pkg:pypi/x"))
    (found,) = apply(
        [make_finding(subject="pkg:pypi/x@1")], [statement], now, scene=_scene(**parents)
    )
    assert (found.status == "not_affected") is closed


def test_two_versions_of_a_product_cut_together(make_finding, make_statement, now):
    nodes = ("pkg:pypi/p@1", "pkg:pypi/p@2", "pkg:pypi/x@1")
    scene = Scene(
        (),
        {one: Target.parse(one) for one in nodes},
        {nodes[0]: [ROOT], nodes[1]: [ROOT], nodes[2]: nodes[:2]},
    )
    finding = make_finding(subject="pkg:pypi/x@1")
    one = make_statement("fixed", ("pkg:pypi/p@1", "pkg:pypi/x"))
    any_version = make_statement("fixed", ("pkg:pypi/p", "pkg:pypi/x"))
    assert apply([finding], [one], now, scene=scene)[0].status == "open"
    assert apply([finding], [any_version], now, scene=scene)[0].status == "fixed"


def test_the_scene_of_an_inventory(make_finding, make_statement, now):
    def part(ref: str, purl: str) -> Component:
        return Component(ref=ref, package=Package.parse(purl))

    inventory = Inventory(
        subject=".",
        documents=(Document(path="a.json", format="x", subject="pkg:pypi/app@1"),),
        components=(part("a.json#b", "pkg:pypi/beta@1"), part("a.json#c", "pkg:pypi/gamma@1")),
        roots=("a.json#b",),
        edges={"a.json#b": ("a.json#c",)},
    )
    scene = Scene.of_inventory(inventory, ["pkg:oci/image"])
    finding = make_finding(subject="pkg:pypi/gamma@1")
    for product, status in (
        ("pkg:pypi/app", "fixed"),
        ("pkg:pypi/beta@1", "fixed"),
        ("pkg:oci/image", "fixed"),
        ("pkg:pypi/other", "open"),
    ):
        statement = make_statement("fixed", (product, "pkg:pypi/gamma"))
        assert apply([finding], [statement], now, scene=scene)[0].status == status, product
