"""in-toto 1.0, section 5.2, step by step; in-toto's own verifier is the oracle."""

from __future__ import annotations

import copy
import json
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pratique.formats.intoto.canonical import canonical_json
from pratique.formats.intoto.layout import read_metadata
from pratique.formats.intoto.rules import Item, RuleError, apply_rules, parse_rule
from pratique.model.errors import InputError, PratiqueError
from pratique.provenance.errors import UnsupportedEvidenceError, VerificationError
from pratique.provenance.functionaries import Functionary
from pratique.provenance.supply_chain import verify_chain

NOW = datetime(2025, 6, 1, tzinfo=UTC)


def verified(chain, layout: bytes | None = None, **more: Any):
    return verify_chain(
        chain.layout() if layout is None else layout,
        [Functionary(chain.owner.public)],
        chain.folder,
        more.pop("now", NOW),
        **more,
    )


def oracle(chain, layout: bytes | None = None) -> bool:
    """Whether in-toto's own verifier accepts."""
    verifylib = pytest.importorskip("in_toto.verifylib")
    from in_toto.models.metadata import Metadata

    path = chain.folder / "root.layout"
    path.write_bytes(chain.layout() if layout is None else layout)
    try:
        verifylib.in_toto_verify(
            Metadata.load(str(path)), {chain.owner.id: chain.owner.key}, str(chain.folder)
        )
    except Exception:  # noqa: BLE001 - its errors have no common base
        return False
    return True


def test_a_chain_of_two_steps(chain) -> None:
    found = verified(chain)
    assert [one.name for one in found.steps] == ["write", "pack"]
    assert found.steps[1].signers == (chain.packer.id,)
    assert found.products["a.tar"] == {"sha256": "2" * 64}
    assert oracle(chain)


def other_material(chain, tools) -> None:
    chain.put(chain.packer, tools.new_link("pack", {"a.py": "9"}, {"a.tar": "2"}))


def extra_product(chain, tools) -> None:
    chain.put(chain.packer, tools.new_link("pack", {"a.py": "1"}, {"a.tar": "2", "evil": "6"}))


def signed_by_another(chain, tools) -> None:
    path = chain.folder / f"write.{chain.writer.id[:8]}.link"
    other = tools.person()
    path.write_text(json.dumps(other.sign(json.loads(path.read_text())["signed"])))


def missing_link(chain, tools) -> None:
    (chain.folder / f"pack.{chain.packer.id[:8]}.link").unlink()


def threshold(chain, tools) -> None:
    chain.signed["steps"][0]["threshold"] = 2


def not_allowed(chain, tools) -> None:
    chain.signed["steps"][0]["pubkeys"] = [chain.packer.id]


def expired(chain, tools) -> None:
    chain.signed["expires"] = "2020-01-01T00:00:00Z"


def required(chain, tools) -> None:
    chain.signed["steps"][1]["expected_products"].insert(0, ["REQUIRE", "absent"])


def material_of_first(chain, tools) -> None:
    chain.put(chain.writer, tools.new_link("write", {"x": "1"}, {"a.py": "1"}))


@pytest.mark.parametrize(
    "attack",
    [
        other_material, extra_product, signed_by_another, missing_link, threshold, not_allowed,
        expired, required, material_of_first,
    ],
)  # fmt: skip
def test_attacks_are_refused_as_in_toto_refuses_them(chain, intoto, attack) -> None:
    attack(chain, intoto)
    with pytest.raises(VerificationError):
        verified(chain)
    assert not oracle(chain)


def test_the_layout_must_be_signed_by_every_owner(chain, intoto) -> None:
    layout = json.loads(chain.layout())
    with pytest.raises(VerificationError, match="no key is given"):
        verify_chain(chain.layout(), [], chain.folder, NOW)
    both = [Functionary(chain.owner.public), Functionary(intoto.person().public)]
    with pytest.raises(VerificationError, match="is not signed"):
        verify_chain(chain.layout(), both, chain.folder, NOW)
    layout["signed"]["steps"][1]["expected_materials"] = []
    with pytest.raises(VerificationError, match="is not signed"):
        verified(chain, json.dumps(layout).encode())


def test_one_key_under_two_ids_is_one_functionary(chain, intoto) -> None:
    """in-toto trusts the layout not to do this; here a threshold counts keys."""
    twin = copy.deepcopy(chain.writer)
    twin.id = "f" * 64
    twin.key = chain.writer.key | {"keyid": twin.id}
    chain.signed["keys"][twin.id] = twin.key
    chain.signed["steps"][0]["pubkeys"].append(twin.id)
    chain.put(twin, intoto.new_link("write", {}, {"a.py": "1"}))
    verified(chain)
    chain.signed["steps"][0]["threshold"] = 2
    with pytest.raises(VerificationError, match="needs 2 signed links and has 1"):
        verified(chain)


def test_links_of_one_step_must_agree(chain, intoto) -> None:
    second = intoto.person()
    chain.signed["keys"][second.id] = second.key
    step = chain.signed["steps"][0]
    step["pubkeys"].append(second.id)
    step["threshold"] = 2
    chain.put(second, intoto.new_link("write", {}, {"a.py": "1"}))
    assert len(verified(chain).steps[0].signers) == 2
    assert oracle(chain)
    chain.put(second, intoto.new_link("write", {}, {"a.py": "1", "b.py": "1"}))
    with pytest.raises(VerificationError, match="do not agree"):
        verified(chain)
    assert not oracle(chain)


def test_a_link_of_another_step_is_no_link_of_this_one(chain, intoto) -> None:
    chain.put(chain.writer, intoto.new_link("pack", {}, {"a.py": "1"}), step="write")
    with pytest.raises(VerificationError, match="of the step 'pack'"):
        verified(chain)


def test_a_sublayout(chain, intoto) -> None:
    helper = intoto.person()
    inner = {
        "_type": "layout",
        "expires": "2100-01-01T00:00:00Z",
        "readme": "",
        "keys": {helper.id: helper.key},
        "steps": [chain.step("draft", helper, [], [["CREATE", "a.py"], ["DISALLOW", "*"]])],
        "inspect": [],
    }
    path = chain.folder / f"write.{chain.writer.id[:8]}.link"
    path.write_text(json.dumps(chain.writer.sign(inner)))
    folder = chain.folder / f"write.{chain.writer.id[:8]}"
    folder.mkdir()
    draft = folder / f"draft.{helper.id[:8]}.link"
    draft.write_text(json.dumps(helper.sign(intoto.new_link("draft", {}, {"a.py": "1"}))))
    assert verified(chain).steps[0].signers == (chain.writer.id,)
    assert oracle(chain)
    draft.write_text(json.dumps(helper.sign(intoto.new_link("draft", {}, {"b.py": "1"}))))
    with pytest.raises(VerificationError, match="break the rule"):
        verified(chain)
    assert not oracle(chain)
    path.write_text(json.dumps(helper.sign(inner)))
    with pytest.raises(VerificationError, match="not signed with this key"):
        verified(chain)


def test_a_sublayout_that_leads_to_itself_ends(chain) -> None:
    inner = {
        "_type": "layout",
        "expires": "2100-01-01T00:00:00Z",
        "keys": {chain.writer.id: chain.writer.key},
        "steps": [chain.step("write", chain.writer, [], [])],
    }
    folder = chain.folder
    name = f"write.{chain.writer.id[:8]}"
    (folder / f"{name}.link").write_text(json.dumps(chain.writer.sign(inner)))
    (folder / name).symlink_to(folder, target_is_directory=True)
    with pytest.raises(VerificationError, match="nested over 8 deep"):
        verified(chain)


def test_inspections_are_said_and_never_run(chain) -> None:
    trap = chain.folder / "trap"
    run = ["touch", str(trap)]
    chain.signed["inspect"] = [{"_type": "inspection", "name": "look", "run": run}]
    assert verified(chain).inspections == ("look",)
    assert not trap.exists()


def test_parameters(chain) -> None:
    chain.signed["steps"][0]["expected_products"] = [["CREATE", "{FILE}"], ["DISALLOW", "*"]]
    verified(chain, parameters={"FILE": "a.py"})
    with pytest.raises(VerificationError, match="break the rule"):
        verified(chain, parameters={"FILE": "b.py"})


def test_flipped_bytes_of_layout_and_links(chain) -> None:
    dice = random.Random(5)
    paths = sorted(chain.folder.glob("*.link"))
    layout, links = chain.layout(), [path.read_bytes() for path in paths]
    expected = verified(chain, layout)
    survived = 0
    for number in range(300):
        which = number % (len(paths) + 1)
        data = layout if which == len(paths) else links[which]
        changed = bytearray(data)
        changed[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        if which < len(paths):
            paths[which].write_bytes(bytes(changed))
        try:
            found = verified(chain, bytes(changed) if which == len(paths) else layout)
        except PratiqueError:
            continue
        finally:
            if which < len(paths):
                paths[which].write_bytes(links[which])
        survived += 1  # a hint, or white space
        assert (found.steps, found.products) == (expected.steps, expected.products)
    assert survived < 60


@pytest.mark.parametrize(
    ("words", "materials", "products", "other", "fine"),
    [
        ("ALLOW *", {"a": "1"}, {"a": "1"}, {}, True),
        ("CREATE a", {}, {"a": "1"}, {}, True),
        ("CREATE a", {"a": "1"}, {"a": "2"}, {}, False),
        ("MODIFY a", {"a": "1"}, {"a": "2"}, {}, True),
        ("MODIFY a", {"a": "1"}, {"a": "1"}, {}, False),
        ("MODIFY a", {}, {"a": "1"}, {}, False),
        ("MATCH a WITH PRODUCTS FROM x", {}, {"a": "1"}, {"a": "1"}, True),
        ("match a with products from x", {}, {"a": "1"}, {"a": "1"}, True),
        ("MATCH a WITH PRODUCTS FROM x", {}, {"a": "1"}, {"a": "2"}, False),
        ("MATCH a WITH PRODUCTS FROM y", {}, {"a": "1"}, {"a": "1"}, False),
        ("MATCH a WITH MATERIALS FROM x", {}, {"a": "1"}, {"a": "1"}, False),
        ("MATCH a IN d WITH PRODUCTS IN e FROM x", {}, {"d/a": "1"}, {"e/a": "1"}, True),
        ("MATCH a IN d WITH PRODUCTS FROM x", {}, {"d/a": "1"}, {"a": "1"}, True),
        ("MATCH a IN d WITH PRODUCTS FROM x", {}, {"da": "1"}, {"a": "1"}, False),
        ("MATCH * WITH PRODUCTS IN e FROM x", {}, {"a": "1"}, {"e/a": "1"}, True),
    ],
)
def test_rules_of_products_as_in_toto_applies_them(
    intoto, words: str, materials: dict, products: dict, other: dict, fine: bool
) -> None:
    verifylib = pytest.importorskip("in_toto.verifylib")
    from in_toto.exceptions import RuleVerificationError
    from in_toto.models.link import Link

    mine = intoto.new_link("m", materials, products)
    theirs = intoto.new_link("x", {}, other)
    rules = [words.split(), ["DISALLOW", "*"]]
    links = {"m": Link(**without_type(mine)), "x": Link(**without_type(theirs))}
    try:
        verifylib.verify_item_rules("m", "products", rules, links)
        accepted = True
    except RuleVerificationError:
        accepted = False
    assert accepted == fine
    items = {one["name"]: Item(one["materials"], one["products"]) for one in (mine, theirs)}
    parsed = tuple(parse_rule(rule) for rule in rules)
    if fine:
        apply_rules(parsed, items["m"], items, products=True)
    else:
        with pytest.raises(RuleError):
            apply_rules(parsed, items["m"], items, products=True)


def without_type(value: dict) -> dict:
    return {name: one for name, one in value.items() if name != "_type"}


def test_no_digests_are_no_match() -> None:
    bare = Item({}, {"a": {}})
    rules = tuple(
        map(parse_rule, (["MATCH", "a", "WITH", "PRODUCTS", "FROM", "x"], ["DISALLOW", "*"]))
    )
    with pytest.raises(RuleError):
        apply_rules(rules, bare, {"x": bare}, products=True)


@pytest.mark.parametrize(
    "words", ["", "ALLOW", "ALLOW a b", "PERMIT a", "MATCH a", "MATCH a WITH FILES FROM x",
              "MATCH a WITH PRODUCTS FROM", "MATCH a IN WITH PRODUCTS FROM x"],
)  # fmt: skip
def test_what_is_no_rule(words: str) -> None:
    with pytest.raises(InputError):
        parse_rule(words.split())


def test_rules_read_and_print_the_same() -> None:
    for text in ("MATCH a IN b WITH MATERIALS IN c FROM d", "REQUIRE x"):
        assert str(parse_rule(text.split())) == text


def test_canonical_json_is_securesystemslibs() -> None:
    formats = pytest.importorskip("securesystemslib.formats")
    for value in (
        {"b": [1, -2, True, None], "a": 'x"\\y\n\u2028é', "": {}},
        [],
        "",
        {"a": {"b": []}},
    ):
        assert canonical_json(value) == formats.encode_canonical(value).encode()
    with pytest.raises(InputError):
        canonical_json(1.5)


def test_random_documents_raise_our_own_errors(chain) -> None:
    dice = random.Random(3)
    junk = [None, True, -1, 2**70, 1.5, "", "x", [], {}, [[]], {"a": {}}]
    for _ in range(400):
        document = json.loads(chain.layout())
        inner: Any = document
        while isinstance(inner, dict | list) and inner:
            keys = list(inner) if isinstance(inner, dict) else list(range(len(inner)))
            key = dice.choice(keys)
            if dice.random() < 0.3:
                inner[key] = dice.choice(junk)
                break
            inner = inner[key]
        try:
            read_metadata(json.dumps(document).encode())
        except InputError:
            continue
    for data in (b"", b"{", b"[]", b"\xff", b'{"signed": 1}', b'{"signed": {"_type": "x"}}'):
        with pytest.raises(InputError):
            read_metadata(data)


def demo(vectors: Path, name: str) -> tuple[dict, Path]:
    folder = vectors / "in-toto-demo" / name
    document = json.loads((folder / "demo.layout.template").read_text())
    if "payload" in document:
        import base64

        document = {"signed": json.loads(base64.b64decode(document["payload"]))}
    return document["signed"] | {"expires": "2100-01-01T00:00:00Z"}, folder


@pytest.mark.parametrize("name", ["demo_files", "demo_dsse_files", "demo_files_gpg"])
def test_the_demonstration(vectors: Path, intoto, name: str, tmp_path: Path) -> None:
    """Links of real keys (RSA-PSS in both wrappings, and OpenPGP), in a layout signed here."""
    signed, folder = demo(vectors, name)
    owner = intoto.person()
    found = verify_chain(
        json.dumps(owner.sign(signed)).encode(), [Functionary(owner.public)], folder, NOW
    )
    assert [one.name for one in found.steps] == ["write-code", "package"]
    assert found.inspections == ("untar",)
    digest = "52947cb78b91ad01fe81cd6aef42d1f6817e92b9e6936c1e5aabb7c98514f355"
    assert found.products["foo.tar.gz"] == {"sha256": digest}
    for path in sorted(folder.glob("*.link")):  # a link of one is no link of the other
        for other in folder.glob("*.link"):
            (tmp_path / other.name).write_bytes(other.read_bytes())
        changed = path.read_bytes().replace(b"foo", b"bar").replace(b"Zm9v", b"YmFy")
        changed = (
            changed.replace(b"bmFtZSI6", b"bmFtZSA6", 1)
            if changed == path.read_bytes()
            else changed
        )
        (tmp_path / path.name).write_bytes(changed)
        with pytest.raises((VerificationError, UnsupportedEvidenceError)):
            verify_chain(
                json.dumps(owner.sign(signed)).encode(), [Functionary(owner.public)], tmp_path, NOW
            )


def test_openpgp_headers_cannot_be_taken_from_the_document(vectors: Path) -> None:
    from pratique.formats.intoto.layout import MetadataSignature
    from pratique.provenance.functionaries import functionary_of

    signed, folder = demo(vectors, "demo_files_gpg")
    layout = {"signed": signed, "signatures": []}
    keys = read_metadata(json.dumps(layout).encode()).content.keys
    link = read_metadata(next(folder.glob("package*.link")).read_bytes())
    one = link.signatures[0]
    who = functionary_of(keys[one.keyid], NOW)
    assert who._holds(one, link.signed)
    moved = MetadataSignature(one.keyid, one.signature, link.signed[-9:] + one.other_headers)
    assert not who._holds(moved, link.signed[:-9])
    weak = bytearray(one.other_headers)
    weak[3] = 2  # SHA-1
    assert not who._holds(MetadataSignature(one.keyid, one.signature, bytes(weak)), link.signed)
    assert not who._holds(one, link.signed + b" ")
