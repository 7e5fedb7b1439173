"""package.json, package-lock.json, Cargo.toml and go.mod: the smallest change."""

from __future__ import annotations

import json

import pytest

from pratique.formats.edit import cargo_toml, go_mod, package_json, package_lock
from pratique.formats.edit.base import Change, EditError
from pratique.formats.edit.package_lock import Release

PACKAGE = """\
{
    "name": "ship",
    "dependencies": {"alpha": "^1.0.0", "@harbour/beta": "~1.0"},
    "devDependencies": {
        "gamma":   "1.x"
    }
}
"""


def test_package_json_requirements_change_in_place() -> None:
    out = package_json.edit(
        PACKAGE,
        [Change(name="alpha", after="^1.2.0"), Change(name="gamma", after="2.x")],
    )
    assert out == PACKAGE.replace("^1.0.0", "^1.2.0").replace('"1.x"', '"2.x"')


def test_package_json_overrides_are_made_in_the_files_own_indentation() -> None:
    out = package_json.override(PACKAGE, {"delta": "^3.1.0"})
    assert out.endswith('    },\n    "overrides": {\n        "delta": "^3.1.0"\n    }\n}\n')
    more = package_json.override(out, {"delta": "^3.2.0", "epsilon@1": "^1.4.0"})
    assert json.loads(more)["overrides"] == {"delta": "^3.2.0", "epsilon@1": "^1.4.0"}
    assert more.startswith(PACKAGE.rstrip("}\n"))


def test_nested_overrides_are_not_guessed_about() -> None:
    with pytest.raises(EditError, match="conditions of its own"):
        package_json.override('{"overrides": {"delta": {".": "1"}}}', {"delta": "^2.0.0"})


def lock(version: int) -> str:
    entry = {
        "version": "1.0.0",
        "resolved": "https://r.example.test/a-1.tgz",
        "integrity": "sha512-aa",
    }
    value = {
        "name": "ship",
        "lockfileVersion": version,
        "packages": {
            "": {"dependencies": {"alpha": "^1.0.0"}},
            "node_modules/alpha": {**entry, "dependencies": {"beta": "^1.0.0"}},
            "node_modules/alpha/node_modules/beta": entry,
        },
    }
    if version == 2:
        value["dependencies"] = {
            "alpha": {**entry, "requires": {"beta": "^1.0.0"}, "dependencies": {"beta": entry}}
        }
    return json.dumps(value, indent=2) + "\n"


@pytest.mark.parametrize("version", [2, 3])
def test_package_lock_puts_a_version_in_place_in_both_halves(version: int) -> None:
    text = lock(version)
    (where,) = package_lock.locations(text, "beta", "1.0.0")
    new = Release(version="1.0.1", resolved="https://r.example.test/b.tgz", integrity="sha512-bb")
    out = package_lock.edit(text, {where: new})
    assert len(out.splitlines()) == len(text.splitlines())
    assert out.count('"version": "1.0.1"') == version % 2 + 2 * (version == 2)
    assert json.loads(out)["packages"][where]["integrity"] == "sha512-bb"
    assert json.loads(out)["packages"]["node_modules/alpha"]["version"] == "1.0.0"


def test_package_lock_never_keeps_an_integrity_of_another_version() -> None:
    with pytest.raises(EditError, match="integrity"):
        package_lock.edit(lock(3), {"node_modules/alpha": Release(version="1.0.1")})


def test_package_lock_forgets_folders() -> None:
    out = package_lock.without(lock(3), ["node_modules/alpha/node_modules/beta"])
    assert list(json.loads(out)["packages"]) == ["", "node_modules/alpha"]
    with pytest.raises(EditError):
        package_lock.without(lock(2), ["node_modules/alpha"])


CARGO = """\
[package]
name = "ship" # of oak

[dependencies]
alpha = "1.0"
beta = { version = "=1.2.3", features = ["x"] }
gamma = { git = "https://git.example.test/gamma" }
renamed = { package = "delta", version = "0.3" }

[target.'cfg(unix)'.dev-dependencies.epsilon]
version = "1"

[workspace.dependencies]
alpha = "1.0"
"""


def test_cargo_requirements_and_renamed_ones() -> None:
    found = [(one.name, one.requirement, one.group) for one in cargo_toml.entries(CARGO)]
    assert found == [
        ("alpha", "1.0", ""),
        ("beta", "=1.2.3", ""),
        ("delta", "0.3", ""),
        ("epsilon", "1", "dev"),
        ("alpha", "1.0", ""),
    ]
    out = cargo_toml.edit(
        CARGO, [Change(name="alpha", after="1.4"), Change(name="delta", after="0.4")]
    )
    assert out == CARGO.replace('alpha = "1.0"', 'alpha = "1.4"').replace('"0.3"', '"0.4"')


GO = """\
module example.test/ship

go 1.22

require example.test/alpha v1.0.0 // direct

require (
\texample.test/beta/v2 v2.3.4
\texample.test/gamma v0.1.0 // indirect
)

replace example.test/alpha v1.0.0 => ../alpha

exclude (
\texample.test/beta/v2 v2.0.0
)
"""


def test_go_mod_requires_other_versions() -> None:
    found = [(one.name, one.requirement, one.group) for one in go_mod.entries(GO)]
    assert found == [
        ("example.test/alpha", "v1.0.0", ""),
        ("example.test/beta/v2", "v2.3.4", ""),
        ("example.test/gamma", "v0.1.0", "indirect"),
    ]
    out = go_mod.edit(GO, [Change(name="example.test/alpha", after="v1.1.0")])
    assert out == GO.replace("alpha v1.0.0 // direct", "alpha v1.1.0 // direct")
    assert go_mod.require("module m\n", "example.test/x", "v1.0.0").endswith(
        "require example.test/x v1.0.0 // indirect\n"
    )
