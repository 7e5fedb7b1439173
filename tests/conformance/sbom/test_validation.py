"""CycloneDX's own test documents: the valid ones pass, the invalid ones do not."""

from __future__ import annotations

import time

from pratique.formats.sbom.validation import validate
from pratique.model.errors import InputError

EXPLAINED = {
    "invalid-depgraph-1.0.xml": "an extension of version 1.1 with a schema of its own, not kept",
}


def test_specification_documents(vector_folder):
    counts = {True: 0, False: 0}
    wrong = []
    for path in sorted((vector_folder("sbom/sbom-vectors.tar.xz") / "cdx-spec").rglob("*")):
        if path.suffix not in {".json", ".xml"} or not path.name.startswith(("valid", "invalid")):
            continue
        try:
            valid = validate(path.read_bytes()).valid
        except InputError:
            valid = False
        if valid is not path.name.startswith("valid") and path.name not in EXPLAINED:
            wrong.append(path.name)
        counts[valid] += 1
    assert wrong == []
    assert counts[True] > 400
    assert counts[False] > 200


def test_three_megabytes_take_no_time():
    component = (
        '{"type":"library","bom-ref":"%d","name":"alpha","version":"1.0",'
        '"purl":"pkg:npm/alpha@1.0","hashes":[{"alg":"SHA-256","content":"' + "ab" * 32 + '"}],'
        '"licenses":[{"license":{"id":"MIT"}}]}'
    )
    items = ",".join(component % number for number in range(13_000))
    bom = f'{{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"components":[{items}]}}'
    data = bom.encode()
    assert len(data) > 2_900_000
    validate(b'{"bomFormat":"CycloneDX","specVersion":"1.6","version":1}')
    start = time.process_time()
    assert validate(data).valid
    assert time.process_time() - start < 5, "a tenth of it is owed; the rest is for a busy machine"


def test_official_spdx_examples_are_valid(vector_folder):
    folder = vector_folder("sbom/schemas.tar.xz")
    names = ["spdx-2.3.1/examples/SPDXJSONExample-v2.3.spdx.json"]
    names += ["spdx-2.3.1/examples/SPDXYAMLExample-2.3.spdx.yaml"]
    names += ["spdx-2.3.1/examples/SPDXXMLExample-v2.3.spdx.xml"]
    names += ["spdx-2.3.1/examples/SPDXTagExample-v2.3.spdx"]
    for name in names:
        assert validate((folder / name).read_bytes()).faults == (), name
