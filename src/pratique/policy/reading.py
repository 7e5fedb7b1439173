"""Policy documents: from nodes to a policy with everything it inherits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.model.decision import Effect
from pratique.model.ecosystems import known
from pratique.model.inventory import Relation
from pratique.policy.cases import MAX_CASES, read_policy_case, read_rule_case
from pratique.policy.cel import CelError, check
from pratique.policy.documents import Scalar, parse
from pratique.policy.errors import PolicyError
from pratique.policy.fields import Fields
from pratique.policy.models import Document, OnUnknown, Policy, PolicyRule, RuleScope
from pratique.policy.templates import Template, TemplateError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pratique.policy.documents import Node
    from pratique.policy.models import PolicyCase, RuleCase

MAX_RULES = 500
"""Rules of one policy with all it inherits: each decision evaluates every one."""

MAX_EXTENDS = 8
"""Length of a chain of policies that extend each other."""

MAX_CONTROLS = 20
"""Control references of one rule."""

MAX_SCOPE = 100
"""Words in one field of a rule's scopes."""

EFFECTS = tuple(
    effect.value
    for effect in (Effect.DENY, Effect.QUARANTINE, Effect.REQUIRE_APPROVAL, Effect.WARN)
)


_POLICY = ("id", "description", "extends", "without", "rules", "tests")
_RULE = (
    "id",
    "description",
    "when",
    "effect",
    "on_unknown",
    "reason",
    "remedy",
    "controls",
    "scopes",
    "tests",
)


def read_policy(
    data: bytes,
    path: str,
    library: Callable[[str], tuple[bytes, str] | None],
    *,
    _chain: tuple[str, ...] = (),
) -> Document:
    """Read a policy document and all that it extends.

    Its tests are read, not run.

    Args:
        data: The document.
        path: For the messages.
        library: Gives the bytes and the path of a policy that is extended, by
            its name; ``None`` where there is none.

    Raises:
        PolicyError: Anything is wrong with it; every defect is listed with
            line and column.
    """
    fields = Fields(path)
    found = fields.mapping(parse(data, path), "a policy", _POLICY, required=("id",))
    if found is None:
        raise PolicyError(fields.defects)
    id = fields.id(found.get("id"), "id")
    base = _base(fields, found.get("extends"), library, _chain)
    rules, places = _inherited(fields, base, found.get("without"))
    cases: list[RuleCase] = []
    for node in fields.items(found.get("rules"), "rules", MAX_RULES):
        rule = _rule(fields, node, cases)
        if rule is None:
            continue
        if rule.id in rules:
            where = ":".join(map(str, places[rule.id]))
            remedy = f"The other is at {where}; rename one, or name it in 'without'."
            fields.wrong(node, f"there is another rule {rule.id!r}", remedy)
            continue
        rules[rule.id] = rule
        places[rule.id] = (path, node.line, node.column)
    tests = [
        read_policy_case(fields, node)
        for node in fields.items(found.get("tests"), "tests", 5 * MAX_CASES)
    ]
    if not rules and not fields.defects:
        fields.wrong_at((1, 1), "the policy has no rules", "Add 'rules:' or 'extends: baseline'.")
    if len(rules) > MAX_RULES:
        fields.wrong_at((1, 1), f"has {len(rules)} rules, over the limit of {MAX_RULES}")
    description = fields.line(found.get("description"), "description")
    fields.refuse()
    return Document(
        path=path,
        description=description,
        extends=(base.policy.id, *base.extends) if base else (),
        policy=Policy(id=id, rules=tuple(rules[name] for name in sorted(rules))),
        base=base,
        rule_cases=tuple(cases),
        policy_cases=_kept(tests),
        places=places,
    )


def _kept(tests: list[PolicyCase | None]) -> tuple[PolicyCase, ...]:
    return tuple(test for test in tests if test is not None)


def _base(
    fields: Fields,
    node: Node | None,
    library: Callable[[str], tuple[bytes, str] | None],
    chain: tuple[str, ...],
) -> Document | None:
    """The policy that this one extends."""
    if node is None:
        return None
    name = fields.line(node, "extends", limit=1000)
    if not name:
        return None
    if name in chain or len(chain) >= MAX_EXTENDS:
        why = "extends itself" if name in chain else f"extends over {MAX_EXTENDS} others"
        fields.wrong(node, f"the policy {why}: {' → '.join((*chain, name))[:300]}")
        return None
    found = library(name)
    if found is None:
        fields.wrong(
            node,
            f"there is no policy {name[:80]!r} to extend",
            "Name a pack ('pratique policy explain' lists them) or a file beside this one.",
        )
        return None
    try:
        return read_policy(*found, library, _chain=(*chain, name))
    except PolicyError as error:
        fields.defects.extend(error.defects)
        return None


def _inherited(
    fields: Fields, base: Document | None, node: Node | None
) -> tuple[dict[str, PolicyRule], dict[str, tuple[str, int, int]]]:
    """The rules taken over, without those that are named."""
    rules = {rule.id: rule for rule in base.policy.rules} if base else {}
    for name in fields.texts(node, "without", MAX_RULES):
        if node is not None and rules.pop(name, None) is None:
            fields.wrong(
                node,
                f"there is no inherited rule {name[:80]!r} to leave out",
                "'without' names rules of the policy in 'extends'.",
            )
    return rules, dict(base.places) if base else {}


def _rule(fields: Fields, node: Node, cases: list[RuleCase]) -> PolicyRule | None:
    """One rule; ``None`` where something is wrong with it."""
    before = len(fields.defects)
    found = fields.mapping(node, "a rule", _RULE, required=("id", "when", "effect", "reason"))
    if found is None:
        return None
    id = fields.id(found.get("id"), "id")
    when = _when(fields, found.get("when"))
    effect = fields.word(found.get("effect"), "effect", EFFECTS)
    unknown = fields.word(found.get("on_unknown"), "on_unknown", OnUnknown)
    reason = _template(fields, found.get("reason"), "reason")
    remedy = _template(fields, found.get("remedy"), "remedy")
    controls = fields.texts(found.get("controls"), "controls", MAX_CONTROLS)
    scopes = _scopes(fields, found.get("scopes"))
    fields.line(found.get("description"), "description")
    for test in fields.items(found.get("tests"), "tests", MAX_CASES):
        case = read_rule_case(fields, test, id)
        if case is not None:
            cases.append(case)
    if len(fields.defects) > before:
        return None
    return PolicyRule(
        id=id,
        when=when,
        effect=Effect(effect),
        on_unknown=OnUnknown(unknown) if unknown else OnUnknown.UNKNOWN,
        reason=reason,
        remedy=remedy,
        controls=controls,
        scopes=scopes,
    )


def _when(fields: Fields, node: Node | None) -> str:
    if node is None:
        return ""
    if not isinstance(node, Scalar):
        fields.wrong(node, "when is not an expression", "Write it as text: when: malicious")
        return ""
    text = node.text.rstrip()
    if not text:
        fields.wrong(node, "when is empty", "Write an expression: when: malicious")
        return ""
    try:
        check(text)
    except CelError as error:
        fields.wrong_at(node.place(error.row, error.column), f"when: {error.message}", error.remedy)
    return text


def _template(fields: Fields, node: Node | None, what: str) -> str:
    text = fields.line(node, what)
    if node is None or not text:
        return text
    try:
        Template(text)
    except TemplateError as error:
        place = node.place(1, error.column) if isinstance(node, Scalar) else (node.line, 1)
        fields.wrong_at(place, f"{what}: {error.message}", error.remedy)
    return text


def _scopes(fields: Fields, node: Node | None) -> RuleScope:
    if node is None:
        return RuleScope()
    found = fields.mapping(node, "scopes", ("team", "environment", "ecosystem", "relation"))
    if found is None:
        return RuleScope()
    words = {name: fields.texts(item, name, MAX_SCOPE) for name, item in found.items()}
    for name, item in found.items():
        if not words[name]:
            fields.wrong(
                item, f"scopes: {name} is empty", f"Leave out {name!r} to mean everywhere."
            )
    for ecosystem in words.get("ecosystem", ()):
        if not known(ecosystem):
            fields.wrong(
                found["ecosystem"],
                f"{ecosystem[:80]!r} is not an ecosystem of the OSV schema",
                "Write it as OSV does: npm, PyPI, crates.io, Go, Maven, Debian:12 …",
            )
    relations = (Relation.DIRECT.value, Relation.TRANSITIVE.value)
    for relation in words.get("relation", ()):
        if relation not in relations:
            fields.wrong(
                found["relation"],
                f"relation is {relation[:80]!r}",
                f"It is one of {', '.join(relations)}.",
            )
    return RuleScope(**words)
