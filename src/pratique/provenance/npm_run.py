"""That provenance of npm's command line says nothing its certificate does not.

Any step of a workflow can write it, so every claim must be one that the
certificate repeats; a claim it cannot repeat is refused (slsa-verifier,
*forgeable provenance*).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.provenance.claims import Dialect
from pratique.provenance.errors import VerificationError

if TYPE_CHECKING:
    from pratique.formats.intoto import Statement
    from pratique.formats.slsa import Provenance
    from pratique.provenance.claims import Claims
    from pratique.provenance.workflow import Workflow


def check_run(
    content: Provenance, claims: Claims, statement: Statement, workflow: Workflow
) -> None:
    """Check every claim of the run against the certificate.

    Raises:
        VerificationError: One differs, or cannot be compared.
    """
    if claims.dialect is Dialect.WORKFLOW:
        _check_github(content, workflow)
    else:
        _check_environment(content, workflow)
    _check_run_id(content, claims, workflow)
    claimed = {
        "start time": content.started,
        "finish time": content.finished,
        "reproducibility": content.reproducible,
        "completeness": any(content.complete.values()),
        "build configuration": content.build_config,
        "parameters": content.external_parameters if content.version == "0.2" else None,
    }
    for what, value in claimed.items():
        if value:
            raise _unverifiable(what)
    if len(statement.subject) != 1 or "sha512" not in statement.subject[0].digests:
        raise _unverifiable("set of subjects")
    _equal("trigger workflow", claims.path(), workflow.path)
    if len(content.dependencies) != 1:
        raise _unverifiable("number of dependencies")


def _check_environment(content: Provenance, workflow: Workflow) -> None:
    run, _, attempt = workflow.run.partition("/attempts/")
    known = {
        "GITHUB_EVENT_NAME": workflow.trigger,
        "GITHUB_REF": workflow.reference,
        "GITHUB_REPOSITORY": workflow.repository,
        "GITHUB_REPOSITORY_ID": workflow.repository_id,
        "GITHUB_REPOSITORY_OWNER_ID": workflow.owner_id,
        "GITHUB_RUN_ATTEMPT": attempt,
        "GITHUB_RUN_ID": run,
        "GITHUB_SHA": workflow.commit,
        "GITHUB_WORKFLOW_REF": workflow.signer.removeprefix("https://github.com/"),
        "GITHUB_WORKFLOW_SHA": workflow.signer_commit,
    }
    _compare(content.internal_parameters, known)


def _check_github(content: Provenance, workflow: Workflow) -> None:
    internal = content.internal_parameters
    github = internal.get("github") if isinstance(internal, dict) else None
    known = {
        "event_name": workflow.trigger,
        "repository_id": workflow.repository_id,
        "repository_owner_id": workflow.owner_id,
    }
    _compare(github, known)


def _compare(given: Any, known: dict[str, str]) -> None:
    if not isinstance(given, dict):
        raise VerificationError(
            "the provenance records no environment", error="ErrorInvalidDssePayload"
        )
    for name, value in given.items():
        if name not in known:
            raise VerificationError(
                f"the certificate cannot confirm {name[:60]}", error="ErrorMismatchCertificate"
            )
        _equal(name, value, known[name])


def _check_run_id(content: Provenance, claims: Claims, workflow: Workflow) -> None:
    if not content.invocation:
        return
    if claims.dialect is Dialect.WORKFLOW:
        parts = content.invocation.removeprefix("https://github.com/").split("/")
        pair = (parts[-3], parts[-1]) if len(parts) == 7 else None
    else:
        run, dash, attempt = content.invocation.partition("-")
        pair = (run, attempt) if dash and "-" not in attempt else None
    if pair is None:
        raise VerificationError(
            f"{content.invocation[:80]!r} is no run of a workflow", error="ErrorInvalidFormat"
        )
    run, _, attempt = workflow.run.partition("/attempts/")
    _equal("run", pair[0], run)
    _equal("attempt", pair[1], attempt)


def _equal(what: str, claimed: object, certified: str) -> None:
    if not certified or claimed != certified:
        raise VerificationError(
            f"the provenance claims the {what} {str(claimed)[:80]!r}, the certificate says "
            f"{certified or 'nothing'}",
            error="ErrorMismatchCertificate",
        )


def _unverifiable(what: str) -> VerificationError:
    return VerificationError(
        f"the provenance makes a claim that nothing confirms: {what}",
        error="ErrorNonVerifiableClaim",
    )
