"""Sources, references, versions, builders and parameters, one at a time."""

from __future__ import annotations

import pytest

from pratique.formats.sigstore import bundle_of
from pratique.provenance.builders import GENERATOR, GITHUB_ISSUER, RUNNER, level_of
from pratique.provenance.bundle import verify_bundle
from pratique.provenance.errors import VerificationError
from pratique.provenance.expectations import Expectations, check_digest
from pratique.provenance.images import image_digest
from pratique.provenance.refs import (
    git_uri,
    matches_versioned_tag,
    name_of,
    released,
    split_uri,
)
from pratique.provenance.slsa import check_provenance, match_builder


@pytest.mark.parametrize(
    ("tag", "wanted"),
    [
        ("v13.0.30", "v13"),
        ("v13.0.30", "v13.0"),
        ("v13.0.30", "v13.0.30"),
        ("v14", "v14.0.0"),
        ("v1.2.3+build", "v1.2.3"),
        ("v1.2.3-rc.1", "v1.2.3-rc.1"),
    ],
)
def test_versioned_tags_that_match(tag: str, wanted: str) -> None:
    matches_versioned_tag(tag, wanted)


@pytest.mark.parametrize(
    ("tag", "wanted", "error"),
    [
        ("v13.0.30", "v14", "ErrorMismatchVersionedTag"),
        ("v13.0.30", "v13.1", "ErrorMismatchVersionedTag"),
        ("v13.0.30", "v13.0.3", "ErrorMismatchVersionedTag"),
        ("v1.2.3-rc.1", "v1.2.3", "ErrorMismatchVersionedTag"),
        ("release", "v1", "ErrorInvalidSemver"),
        ("v1.0.0", "1.0.0", "ErrorInvalidSemver"),
        ("v01.0.0", "v1", "ErrorInvalidSemver"),
    ],
)
def test_versioned_tags_that_do_not(tag: str, wanted: str, error: str) -> None:
    with pytest.raises(VerificationError) as refused:
        matches_versioned_tag(tag, wanted)
    assert refused.value.error == error


def test_repositories_however_they_are_written() -> None:
    for text in ("github.com/a/b", "https://github.com/a/b", "git+https://github.com/a/b"):
        assert git_uri(text) == "git+https://github.com/a/b"
    assert split_uri("git+https://x/a@refs/heads/a@b") == ("git+https://x/a", "refs/heads/a@b")
    with pytest.raises(VerificationError):
        split_uri("https://x/a")


@pytest.mark.parametrize("reference", ["refs/tags/v1.2", "refs/tags/1.2.3", "refs/tags/v1.2.3-rc1"])
def test_builders_at_no_release(reference: str) -> None:
    with pytest.raises(VerificationError, match="no release"):
        released(reference)
    with pytest.raises(VerificationError, match="no tag"):
        released("refs/heads/main")
    assert name_of("heads", "refs/heads/a/b") == "a/b"


def test_builder_ids() -> None:
    found = f"{GENERATOR}builder_go_slsa3.yml@refs/tags/v1.2.3"
    for wanted in (found, found.partition("@")[0], f"{found.partition('@')[0]}@v1.2.3"):
        match_builder(found, wanted)
    for wanted in (f"{found}0", f"{found.partition('@')[0]}@v1.2", f"{found.partition('@')[0]}x"):
        with pytest.raises(VerificationError):
            match_builder(found, wanted)
    with pytest.raises(VerificationError):
        match_builder(found, found.partition("@")[0], exact=True)
    for wanted in ("a@b@c", "a@"):
        with pytest.raises(VerificationError, match="no builder id"):
            match_builder(found, wanted)


def test_levels_hold_for_the_pair_of_signer_and_builder() -> None:
    go = f"{GENERATOR}builder_go_slsa3.yml@refs/tags/v1.2.3"
    workflow = "https://github.com/example/alpha/.github/workflows/release.yml@refs/tags/v1"
    delegator = f"{GENERATOR}delegator_generic_slsa3.yml@refs/tags/v1.9.0"
    maven = f"{GENERATOR}builder_maven_slsa3.yml@refs/tags/v1.9.0"
    assert level_of(go, go, GITHUB_ISSUER) == 3
    assert level_of(go.replace("tags/v1.2.3", "heads/main"), go, GITHUB_ISSUER) == 3
    assert level_of(go, go.replace("tags/v1.2.3", "heads/main"), GITHUB_ISSUER) == 1
    assert level_of(maven, delegator, GITHUB_ISSUER) == 3
    assert level_of(go, workflow, GITHUB_ISSUER) == 1  # anybody can claim to be it
    assert level_of(go, go, "https://issuer.example.test") == 1
    assert level_of(workflow, workflow, GITHUB_ISSUER) == 2
    assert level_of(workflow, workflow, GITHUB_ISSUER, "self-hosted") == 1
    assert level_of(f"{RUNNER}/github-hosted", workflow, GITHUB_ISSUER) == 2
    assert level_of(f"{RUNNER}/self-hosted", workflow, GITHUB_ISSUER) == 1


def test_digests_have_their_length() -> None:
    with pytest.raises(VerificationError, match="under 256 bits"):
        check_digest([{"sha1": "00" * 20}], "00" * 20)
    with pytest.raises(VerificationError, match="not among"):
        check_digest([{"sha256": "00" * 32}], "00" * 64)


def test_images_need_a_digest() -> None:
    assert image_digest(f"registry.example.test/a@sha256:{'0' * 64}") == "0" * 64
    for text in ("registry.example.test/a:latest", "sha256:00", f"sha512:{'0' * 64}", ""):
        with pytest.raises(VerificationError) as refused:
            image_digest(text)
        assert refused.value.error == "ErrorMutableImage"


def checked(instance, forge, expected: Expectations, **changes):
    found = verify_bundle(bundle_of(instance.bundle(forge.statement(**changes))), instance.trust())
    assert found.statement
    assert found.certificate
    return check_provenance(found.statement, found.certificate, expected, [])


def test_a_workflow_of_ones_own(instance, forge) -> None:
    built = checked(
        instance,
        forge,
        Expectations(
            builder=forge.workflow.partition("@")[0],
            source="github.com/example/alpha",
            tag="v1.2.3",
            versioned_tag="v1",
        ),
    )
    assert built.level == 2
    assert built.source == "git+https://github.com/example/alpha@refs/tags/v1.2.3"
    assert built.commit == forge.commit


def test_nobody_is_trusted_by_default(instance, forge) -> None:
    with pytest.raises(VerificationError) as refused:
        checked(instance, forge, Expectations())
    assert refused.value.error == "ErrorUntrustedReusableWorkflow"


def test_a_workflow_at_a_branch_must_be_named_with_it(instance, forge) -> None:
    name, branch = forge.workflow.partition("@")[0], "refs/heads/main"
    signer = instance.identity(f"{name}@{branch}")
    statement = forge.statement()
    statement["predicate"]["runDetails"]["builder"]["id"] = f"{name}@{branch}"
    found = verify_bundle(bundle_of(instance.bundle(statement, signer=signer)), instance.trust())
    assert found.statement
    assert found.certificate
    with pytest.raises(VerificationError) as refused:
        check_provenance(found.statement, found.certificate, Expectations(builder=name), [])
    assert refused.value.error == "ErrorInvalidRef"
    wanted = Expectations(builder=f"{name}@{branch}")
    assert check_provenance(found.statement, found.certificate, wanted, []).level == 2


def test_replay_of_another_repositorys_build(instance, forge) -> None:
    """The certificate names the run's repository, whatever the statement says."""
    with pytest.raises(VerificationError) as refused:
        checked(
            instance,
            forge,
            Expectations(builder=forge.workflow, source="github.com/example/beta"),
        )
    assert refused.value.error == "ErrorMismatchSource"


def test_a_statement_that_lies_about_its_source(instance, forge) -> None:
    statement = forge.statement()
    definition = statement["predicate"]["buildDefinition"]
    definition["externalParameters"]["workflow"]["repository"] = "https://github.com/example/beta"
    with pytest.raises(VerificationError) as refused:
        checked(
            instance,
            forge,
            Expectations(builder=forge.workflow, source="github.com/example/alpha"),
            predicate=statement["predicate"],
        )
    assert refused.value.error == "ErrorMismatchSource"


def test_an_unknown_external_parameter_is_refused(instance, forge) -> None:
    statement = forge.statement()
    statement["predicate"]["buildDefinition"]["externalParameters"]["backdoor"] = True
    with pytest.raises(VerificationError, match="unknown parameter 'backdoor'"):
        checked(
            instance,
            forge,
            Expectations(builder=forge.workflow),
            predicate=statement["predicate"],
        )


def test_a_certificate_that_contradicts_itself(instance, forge) -> None:
    signer = instance.identity(claims={"19": "f" * 40})
    found = verify_bundle(
        bundle_of(instance.bundle(forge.statement(), signer=signer)), instance.trust()
    )
    assert found.statement
    assert found.certificate
    with pytest.raises(VerificationError, match="contradicts itself"):
        check_provenance(
            found.statement, found.certificate, Expectations(builder=forge.workflow), []
        )
