"""One vulnerability of one package is one finding, whoever says so."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pratique.graph.findings import findings
from pratique.graph.witnesses import ADVISORY, SCAN, Told, Undecided, Witness, names_of
from pratique.model.advisory import Advisory, Match


def match(id: str, *aliases: str, fixed: tuple[str, ...] = ()) -> Match:
    return Match(advisories=(Advisory(id=id, aliases=aliases),), fixed=fixed, reason=f"by {id}")


def told(id: str, *aliases: str, kind: str = ADVISORY, fixed: tuple[str, ...] = ()) -> Told:
    return Told(match(id, *aliases, fixed=fixed), (Witness(kind, f"sha256:{id}"),))


def ids(found) -> list[list[str]]:
    return [[each.id for each in one.match.advisories] for one in found]


def test_what_shares_a_name_is_one():
    found = findings(
        [match("GHSA-1", "CVE-1"), match("GHSA-2")],
        [told("cve-1", kind=SCAN), told("OWN-1", "CVE-1", fixed=("2.0",)), told("OWN-2")],
    )
    assert ids(found) == [["GHSA-1", "OWN-1"], ["GHSA-2"], ["OWN-2"]]
    assert [one.indexed for one in found] == [True, True, False]
    assert [one.kind for one in found[0].witnesses] == [ADVISORY, SCAN]
    assert found[0].match.fixed == ("2.0",)


def test_what_joins_two_makes_them_one():
    found = findings(
        [], [told("A-1", "CVE-1"), told("B-1", "CVE-2"), told("C-1", "CVE-1", "CVE-2")]
    )
    assert [sorted(row) for row in ids(found)] == [["A-1", "B-1", "C-1"]]


def test_a_later_revision_takes_the_place_of_the_index_unless_it_does_not_decide():
    indexed = [
        match("EX-1"),
        Match(advisories=(Advisory(id="EX-2"), Advisory(id="EX-3")), reason=""),
    ]
    assert ids(findings(indexed, [], newer={"EX-1", "EX-2"})) == [["EX-3"]]
    open = [Undecided(("EX-1",), "it names commits alone")]
    assert ids(findings(indexed, [], open, {"EX-1", "EX-2"})) == [["EX-1"], ["EX-3"]]


NAMES = st.sampled_from([f"N-{n}" for n in range(8)])
TOLD = st.builds(
    lambda name, alias, kind: told(name, *({alias} - {name}), kind=kind),
    NAMES,
    NAMES,
    st.sampled_from([ADVISORY, SCAN]),
)


@given(st.lists(TOLD, max_size=8), st.randoms(use_true_random=False))
def test_no_two_findings_share_a_name_and_nothing_is_lost(said, draw):
    found = findings([], said)
    names = [names_of(one.match) for one in found]
    assert sum(map(len, names)) == len(set().union(*names))
    assert set().union(*names) == set().union(*(names_of(one.match) for one in said))
    assert {w for one in found for w in one.witnesses} == {w for one in said for w in one.witnesses}
    mixed = list(said)
    draw.shuffle(mixed)
    again = [names_of(one.match) for one in findings([], mixed)]
    assert sorted(map(sorted, again)) == sorted(map(sorted, names))
