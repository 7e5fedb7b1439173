"""Delegations as RSTUF's payloads name them, made into TUF's.

A role without keys is signed by the online key.  One whose keys people hold needs metadata that
they signed before it can be published.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tuf.api.exceptions import RepositoryError as TufError

from pratique.repository import delegated
from pratique.repository.division import EXPIRY, Division
from pratique.repository.errors import RepositoryError
from pratique.repository.models import DelegatedRole, Delegations, Key
from pratique.repository.published import read_published_bin

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence
    from datetime import datetime

    import msgspec

    from pratique.repository.layout import Layout
    from pratique.repository.models import Metadata, Root, Targets
    from pratique.repository.published import Published
    from pratique.repository.rstuf import payloads
    from pratique.repository.settings import Settings


def changed(
    before: Metadata[Targets] | None,
    given: payloads.Delegations,
    online: Sequence[str],
    keys: Mapping[str, Key],
) -> Delegations:
    """Delegations with the roles given added, or put in the place of those of their names.

    Args:
        before: Targets metadata in force.
        given: Roles and keys.
        online: Ids of the online keys.
        keys: Keys of the root, the online ones among them.

    Raises:
        RepositoryError: A role or key is not as it must be.
    """
    found = before.signed.delegations if before else None
    roles = dict(found.roles or {}) if found else {}
    known: dict[str, Key] = dict(found.keys) if found else {}
    known.update({key: keys[key] for key in online})
    for keyid, value in given.keys.items():
        known[keyid] = _key(keyid, dict(value))
    for one in given.roles:
        delegated.check_name(one.name)
        keyids = one.keyids or list(online)
        if one.path_hash_prefixes:
            raise RepositoryError(f"{one.name} has hash prefixes; give it paths.")
        absent = [key for key in keyids if key not in known]
        if absent or len(set(keyids)) < one.threshold:
            raise RepositoryError(
                f"{one.name} needs {one.threshold} of {len(set(keyids))} keys"
                + (f", of which {absent[0][:80]} is not given." if absent else ".")
            )
        more = {EXPIRY: one.expire} if one.expire else {}
        try:
            roles[one.name] = DelegatedRole(
                one.name, keyids, one.threshold, one.terminating, one.paths, None, more
            )
        except ValueError as error:
            raise RepositoryError(f"The role {one.name} is malformed: {error}.") from None
    return _made(known, roles)


def removed(before: Metadata[Targets], names: Sequence[str]) -> Delegations:
    """Delegations without some roles, and without keys that none has any more.

    Raises:
        RepositoryError: There is no role of a name, or none would be left.
    """
    found = before.signed.delegations
    roles = dict(found.roles or {}) if found else {}
    for name in names:
        if roles.pop(name, None) is None:
            raise RepositoryError(f"{name[:80]!r} is no delegated role.")
    return _made(dict(found.keys) if found else {}, roles)


def rekeyed(before: Metadata[Targets], old: Root, new: Root) -> Delegations:
    """The delegations with the new root's online keys in the place of the old one's."""
    gone = set(old.roles["timestamp"].keyids)
    fresh = list(new.roles["timestamp"].keyids)
    found = before.signed.delegations
    keys: dict[str, Key] = dict(found.keys) if found else {}
    keys.update({key: new.keys[key] for key in fresh})
    roles = {}
    for name, one in ((found.roles or {}) if found else {}).items():
        keyids = fresh if set(one.keyids) <= gone else one.keyids
        roles[name] = DelegatedRole(
            name, keyids, one.threshold, one.terminating, one.paths, None, one.unrecognized_fields
        )
    return _made(keys, roles)


def propose_new(
    layout: Layout,
    targets: Metadata[Targets],
    published: Published | None,
    online: Container[str],
    settings: Settings,
    now: datetime,
) -> None:
    """Write the metadata that people must sign before a delegation can be published."""
    division = Division(targets)
    before = published.division if published else None
    for name in delegated.waiting(layout, division, before, online):
        listed: dict[str, msgspec.Raw] = {}
        version = 1
        if published is not None and before is not None and name in published.versions:
            version = published.versions[name] + 1
            listed = read_published_bin(layout, published, name, before).targets
        expires = now + timedelta(days=division.days(name, settings.days["bins"]))
        delegated.propose(layout, name, listed, version, expires)


def _made(known: dict[str, Key], roles: dict[str, DelegatedRole]) -> Delegations:
    if not roles:
        raise RepositoryError("At least one delegated role must stay.")
    used = {key for one in roles.values() for key in one.keyids}
    try:
        return Delegations({key: one for key, one in known.items() if key in used}, roles)
    except ValueError as error:
        raise RepositoryError(f"The delegations are malformed: {error}.") from None


def _key(keyid: str, value: dict[str, object]) -> Key:
    try:
        return Key.from_dict(keyid, value)
    except (KeyError, TypeError, ValueError, TufError) as error:
        raise RepositoryError(f"The key {keyid[:80]} cannot be read: {error}.") from None
