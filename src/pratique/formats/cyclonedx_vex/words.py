"""CycloneDX's words for impact analysis (schema 1.6, ``impactAnalysisState`` and the next two)."""

from __future__ import annotations

from pratique.model.vex import Justification, Status

STATES = {
    "resolved": Status.FIXED,
    "resolved_with_pedigree": Status.FIXED,
    "exploitable": Status.AFFECTED,
    "in_triage": Status.UNDER_INVESTIGATION,
    "false_positive": Status.NOT_AFFECTED,
    "not_affected": Status.NOT_AFFECTED,
}

WRITTEN_STATES = {
    Status.FIXED: "resolved",
    Status.AFFECTED: "exploitable",
    Status.UNDER_INVESTIGATION: "in_triage",
    Status.NOT_AFFECTED: "not_affected",
}

JUSTIFICATIONS = {
    "code_not_present": Justification.CODE_NOT_PRESENT,
    "code_not_reachable": Justification.CODE_NOT_IN_EXECUTE_PATH,
    # What would make the code run is absent: a setting, a dependency, an environment.
    "requires_configuration": Justification.CODE_NOT_IN_EXECUTE_PATH,
    "requires_dependency": Justification.COMPONENT_NOT_PRESENT,
    "requires_environment": Justification.CODE_NOT_CONTROLLABLE,
    # Something stands before the code that an attacker cannot pass.
    "protected_by_compiler": Justification.MITIGATIONS_EXIST,
    "protected_at_runtime": Justification.MITIGATIONS_EXIST,
    "protected_at_perimeter": Justification.MITIGATIONS_EXIST,
    "protected_by_mitigating_control": Justification.MITIGATIONS_EXIST,
}
"""All nine; each is kept as written beside the common word, which says less."""

WRITTEN_JUSTIFICATIONS = {
    Justification.COMPONENT_NOT_PRESENT: "requires_dependency",
    Justification.CODE_NOT_PRESENT: "code_not_present",
    Justification.CODE_NOT_IN_EXECUTE_PATH: "code_not_reachable",
    Justification.CODE_NOT_CONTROLLABLE: "requires_environment",
    Justification.MITIGATIONS_EXIST: "protected_by_mitigating_control",
}

RESPONSES = frozenset({"can_not_fix", "will_not_fix", "update", "rollback", "workaround_available"})

VERSION_STATUSES = frozenset({"affected", "unaffected", "unknown"})
