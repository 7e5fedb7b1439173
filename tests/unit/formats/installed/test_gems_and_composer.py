"""Installed gems and Composer packages."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from pratique.formats.installed.gems import link
from pratique.model.errors import InputError
from pratique.model.inventory import Reading, Scope

Read = Callable[..., Reading]

GEM = """# -*- encoding: utf-8 -*-
# stub: alpha 1.2.0 x86_64-linux lib

Gem::Specification.new do |s|
  s.name = "alpha".freeze
  s.version = "1.2.0"
  s.platform = Gem::Platform.new("x86_64-linux".freeze)
  s.licenses = ["MIT".freeze, "Ruby".freeze]
  s.description = "s.name = \\"wrong\\"".freeze
  if s.respond_to? :add_runtime_dependency then
    s.add_runtime_dependency(%q<beta>.freeze, ["~> 1.0"])
    s.add_development_dependency(%q<gamma>.freeze, [">= 0"])
  else
    s.add_dependency(%q<beta>.freeze, ["~> 1.0"])
  end
end
"""
BETA = 'Gem::Specification.new do |s|\n  s.name = "beta"\n  s.version = "1.0"\nend\n'
PLACE = "usr/lib/ruby/gems/3.1.0/specifications"


def test_a_gem_as_rubygems_writes_it(reading_of: Read) -> None:
    reading = reading_of("gem-specification", GEM.encode(), f"{PLACE}/alpha-1.2.0.gemspec")
    (part,) = reading.components
    assert str(part.package) == "pkg:gem/alpha@1.2.0?platform=x86_64-linux"
    assert [claim.text for claim in part.licenses] == ["MIT", "Ruby"]
    assert part.locations[0].line == 4
    assert reading.problems == ()


def test_who_needs_whom_among_gems() -> None:
    documents = [
        (f"{PLACE}/alpha-1.2.0.gemspec", GEM.encode()),
        ("other/specifications/beta-1.0.gemspec", BETA.encode()),
        (f"{PLACE}/beta-1.0.gemspec", BETA.encode()),
    ]
    assert link(documents, None) == {  # type: ignore[arg-type]  # no file is looked at
        f"{PLACE}/alpha-1.2.0.gemspec": (f"{PLACE}/beta-1.0.gemspec",),
        "other/specifications/beta-1.0.gemspec": (),
        f"{PLACE}/beta-1.0.gemspec": (),
    }


@pytest.mark.parametrize(
    "text", ["", "x = 1\n", "Gem::Specification.new do |s|\n  s.name = NAME\nend\n"]
)
def test_other_programs_are_refused(reading_of: Read, text: str) -> None:
    with pytest.raises(InputError):
        reading_of("gem-specification", text.encode(), f"{PLACE}/a.gemspec")


PACKAGES = """[
  {"name": "example/alpha", "version": "v1.2.0", "license": ["MIT"], "require": {"example/beta": "^1"}},
  {"name": "example/beta", "version": "1.0.0"}
]"""


@pytest.mark.parametrize("form", [1, 2])
def test_composers_list_in_both_forms(reading_of: Read, form: int) -> None:
    text = PACKAGES
    if form == 2:
        text = f'{{"packages": {PACKAGES}, "dev": true, "dev-package-names": ["example/beta"]}}'
    reading = reading_of("composer-installed", text.encode(), "vendor/composer/installed.json")
    assert [str(part.package) for part in reading.components] == [
        "pkg:composer/example/alpha@v1.2.0",
        "pkg:composer/example/beta@1.0.0",
    ]
    assert [part.locations[0].line for part in reading.components] == [2, 3]
    assert reading.edges["example/alpha@v1.2.0"] == ("example/beta@1.0.0",)
    wanted = Scope.DEVELOPMENT if form == 2 else Scope.RUNTIME
    assert reading.components[1].scope is wanted


@pytest.mark.parametrize(
    ("name", "text"), [("gem-specification", GEM), ("composer-installed", PACKAGES)]
)
def test_mutated_text_is_survived(reading_of: Read, name: str, text: str) -> None:
    generator = random.Random(5)
    for _ in range(400):
        changed = bytearray(text.encode())
        for _ in range(generator.choice((1, 2, 8))):
            at = generator.randrange(len(changed))
            if generator.random() < 0.5:
                changed[at] = generator.randrange(256)
            else:
                del changed[at : at + generator.randrange(1, 20)]
        message = ""
        try:
            reading_of(name, bytes(changed), "a/composer/installed.json")
        except InputError as error:
            message = error.message
        assert "\n" not in message


def test_debians_node_packages_are_installed_packages(reading_of: Read) -> None:
    path = "usr/share/nodejs/@example/alpha/package.json"
    reading = reading_of("node_modules", b'{"name": "@example/alpha", "version": "1.0"}', path)
    assert [str(part.package) for part in reading.components] == ["pkg:npm/%40example/alpha@1.0"]
