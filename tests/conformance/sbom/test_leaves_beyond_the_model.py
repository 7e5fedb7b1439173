"""What the model has no place for is kept with its path, in every shared document."""

from __future__ import annotations

import json

import msgspec

from pratique.formats.sbom.beyond import beyond
from pratique.formats.sbom.convert.leaves import leaves
from pratique.formats.sbom.cyclonedx.read import read_json as read_cyclonedx
from pratique.formats.sbom.spdx.read import read_json as read_spdx
from pratique.formats.sbom.values import value_of
from pratique.model.errors import InputError
from pratique.surfaces.cli import main

LARGE = 50_000


def without(value, paths, at=""):
    """A value without the leaves at some paths."""
    if isinstance(value, dict):
        pairs = {key: (f"{at}.{key}" if at else key, one) for key, one in value.items()}
        return {
            key: without(one, paths, path)
            for key, (path, one) in pairs.items()
            if path not in paths
        }
    if isinstance(value, list):
        return [without(one, paths, f"{at}[{n}]") for n, one in enumerate(value)]
    return value


def test_every_leaf_is_read_or_kept(vector_folder):
    """Without what is beyond the model, a document reads the same: nothing else is read."""
    documents = rest = 0
    for path in sorted(vector_folder("sbom/sbom-vectors.tar.xz").rglob("*")):
        if not path.is_file() or path.name == "bomb.bz2" or path.stat().st_size > LARGE:
            continue
        try:
            bill = value_of(path.read_bytes())
        except InputError:
            continue
        every, kept = leaves(bill.value), beyond(bill)
        assert kept.items() <= every.items(), path
        read = {"cyclonedx-json": read_cyclonedx, "spdx-json": read_spdx}.get(bill.form)
        if read is not None and all(character not in one for one in kept for character in '"'):
            whole = msgspec.json.encode(bill.value)
            less = msgspec.json.encode(without(bill.value, set(kept)))
            try:
                expected = read(whole, "", None)
            except InputError:
                continue
            found = read(less, "", None)
            assert [one.package for one in found.components] == [
                one.package for one in expected.components
            ], path
            assert [one.hashes for one in found.components] == [
                one.hashes for one in expected.components
            ], path
            assert [one.licenses for one in found.components] == [
                one.licenses for one in expected.components
            ], path
            assert (found.edges, found.roots) == (expected.edges, expected.roots), path
        documents += 1
        rest += len(kept)
    assert documents > 900
    assert rest > 10_000


def test_the_command_lists_them(tmp_path, capsys):
    path = tmp_path / "a.cdx.json"
    part = {"type": "library", "name": "a", "purl": "pkg:npm/a@1", "cpe": "cpe:2.3:a:b", "x": [1]}
    bom = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [part]}
    path.write_text(json.dumps(bom))
    assert main(["sbom", "leaves", str(path), "--rest"]) == 0
    out, err = capsys.readouterr()
    assert out == 'components[0].cpe = "cpe:2.3:a:b"\ncomponents[0].x[0] = 1\n'
    assert "7 leaves, 2 of them beyond the model" in err
    assert main(["sbom", "leaves", str(path), "components[0].*", "--format", "json"]) == 0
    rows = {one["path"]: one["in_model"] for one in json.loads(capsys.readouterr().out)["leaves"]}
    assert rows["components[0].purl"] is True
    assert rows["components[0].cpe"] is False
    assert "bomFormat" not in rows
