"""OSV schema, ``affected[].package``: every defined ecosystem, and the purls of real records."""

from __future__ import annotations

import json
import lzma
from collections import Counter

from pratique.model import ecosystems
from pratique.model.errors import InputError
from pratique.model.purl import Package


def test_every_defined_ecosystem_is_known(vector_folder) -> None:
    (path,) = vector_folder("osv/osv-schema.tar.xz").rglob("ecosystems.json")
    assert set(json.loads(path.read_bytes())) == ecosystems.ECOSYSTEMS


def test_package_urls_of_records_lead_to_their_ecosystem_and_name(vector) -> None:
    """What a record says of itself (``package.purl``) is what its package is looked up as."""
    seen: set[tuple[str, str, str]] = set()
    for name in ("osv-records", "mal-records", "ghsa-records"):
        with lzma.open(vector(f"osv/{name}.ndjson.xz"), "rt", encoding="utf-8") as lines:
            for line in lines:
                for affected in json.loads(line).get("affected") or []:
                    package = affected.get("package") or {}
                    if package.get("purl"):
                        seen.add((package["ecosystem"], package["name"], package["purl"]))
    wrong: Counter[tuple[str, str]] = Counter()
    for ecosystem, name, purl in seen:
        if ecosystem in {"OSS-Fuzz", "DHI"}:
            continue  # generic packages are no OSS-Fuzz projects; DHI is not a defined name
        try:
            package = Package.parse(purl)
        except InputError as error:
            wrong[ecosystem, str(error)] += 1
            continue
        found = ecosystems.ecosystem_of(package)
        if ecosystems.base(found) != ecosystems.base(ecosystem):
            wrong[ecosystem, f"{purl} is {found}"] += 1
        normal = ecosystems.normalise_name(ecosystem, name)
        if ecosystems.normalise_name(found, ecosystems.advisory_name(package)) != normal:
            wrong[ecosystem, f"{purl} is not {name}"] += 1
    assert len(seen) > 4500
    assert not wrong
