"""A repository as RSTUF's API sees it: what may be asked now, and what each task does."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.repository.bins import check_path
from pratique.repository.errors import RepositoryError
from pratique.repository.keys import read_key, read_signers
from pratique.repository.known import Known
from pratique.repository.layout import Layout
from pratique.repository.published import read_published
from pratique.repository.publishing import online_paths, publish
from pratique.repository.rstuf import payloads, roots
from pratique.repository.rstuf.tasks import Task, Tasks
from pratique.repository.service import LAST_THIRD, now_utc
from pratique.repository.settings import ROLES, check_days, read_settings, write_settings
from pratique.repository.staging import Change, stage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pratique.repository.division import Division
    from pratique.repository.rstuf.roots import Done, Signers

KINDS: dict[str, type[Any]] = {
    "bootstrap": payloads.Bootstrap,
    "metadata_update": payloads.MetadataUpdate,
    "sign_metadata": payloads.Sign,
    "delete_sign_metadata": payloads.SignDelete,
    "add_artifacts": payloads.Add,
    "remove_artifacts": payloads.Delete,
    "publish_artifacts": payloads.Publish,
    "metadata_delegation": payloads.Delegate,
    "metadata_delegation_delete": payloads.Undelegate,
    "update_settings": payloads.ConfigUpdate,
    "force_online_metadata_update": payloads.OnlineRoles,
}
"""Payload of each task, by RSTUF's name of it."""

EVERYTHING = timedelta(days=36500)
"""Longer than any lifetime: every bin is signed anew."""


class RefusedError(RepositoryError):
    """What is asked is not possible in the state that the repository is in."""


class Service:
    """One repository behind RSTUF's API.

    Args:
        folder: The repository; new, empty, or one that is set up.
        keys: Files of online private keys, or references to them.

    Raises:
        RepositoryError: A key cannot be read, or is public.
    """

    def __init__(self, folder: Path, keys: Sequence[Path]) -> None:
        self._signers: Signers = {}
        for path in keys:
            found = read_key(path)
            if found.signer is None:
                raise RepositoryError(f"{path} is a public key; an online key must be private.")
            self._signers[found.public.keyid] = (str(path.absolute()), found.signer)
        folder.mkdir(parents=True, exist_ok=True)
        self.layout = Layout(folder)
        self.tasks = Tasks(folder / "tasks.jsonl", self._perform)

    def bootstrap_state(self) -> tuple[str, str]:
        """State (``finished``, ``signing``, ``pre`` or empty), and the task that is under way."""
        task = self.tasks.under_way("bootstrap")
        found = roots.state(self.layout)
        return (found, "") if found == "finished" else ("pre", task.id) if task else (found, "")

    def accept(self, name: str, body: bytes) -> tuple[Task, Any]:
        """Take a task in.

        Args:
            name: A key of :data:`KINDS`.
            body: Its payload.

        Returns:
            The task, and its payload as read.

        Raises:
            InvalidPayloadError: The payload is not as it must be.
            RefusedError: It is not the time for it.
        """
        payload = payloads.read(body, KINDS[name])
        state, _ = self.bootstrap_state()
        if name == "bootstrap":
            if state:
                raise RefusedError(f"System already has a Metadata. State: {state}")
        elif name in {"sign_metadata", "delete_sign_metadata"}:
            if roots.pending(self.layout) is None:
                raise RefusedError(f"No signing pending. State: {state or None}")
        elif state != "finished":
            raise RefusedError(f"Requires bootstrap finished. State: {state or None}")
        return self.tasks.accept(name, body), payload

    def config(self) -> dict[str, Any]:
        """Lifetimes, thresholds and numbers of keys, by RSTUF's names.

        Raises:
            RepositoryError: The repository cannot be read.
        """
        settings = read_settings(self.layout)
        published = read_published(self.layout)
        if published is None:
            raise RefusedError("Requires bootstrap finished.")
        root = published.root.signed
        found: dict[str, Any] = {}
        for role in ROLES if settings.bins else ROLES[:-1]:
            source = root.roles[role if role != "bins" else "timestamp"]
            found[f"{role}_expiration"] = settings.days[role]
            found[f"{role}_threshold"] = source.threshold
            found[f"{role}_num_keys"] = len(source.keyids)
        if settings.bins:
            found["number_of_delegated_bins"] = settings.bins
        else:
            found["delegations"] = published.division.names
        online = set(root.roles["timestamp"].keyids)
        found["targets_online_key"] = set(root.roles["targets"].keyids) <= online
        return found

    def bump(self) -> None:
        """Sign anew what expires soon; nothing before the repository is set up.

        Raises:
            RepositoryError, BusyError: As for a publication.
        """
        if roots.state(self.layout) != "finished":
            return
        with self.layout.locked():
            self._renew(LAST_THIRD)

    def _renew(self, within: timedelta) -> None:
        published = read_published(self.layout)
        if published is not None:
            settings = read_settings(self.layout)
            signers = {key: signer for key, (_, signer) in self._known().items()}
            roots.renew_targets(self.layout, settings, published, signers, now_utc())
        publish(self.layout, now_utc(), renew=within)

    def _known(self) -> Signers:
        """Online keys: those given, and those that the repository was set up with."""
        if not self.layout.settings.exists():
            return self._signers
        kept: Signers = {}
        for path in online_paths(self.layout, read_settings(self.layout)):
            kept |= {key: (str(path), one) for key, one in read_signers([path]).items()}
        return {**kept, **self._signers}

    def _perform(self, name: str, body: bytes, id: str) -> Done:
        """Do one task; the worker's thread calls this."""
        try:
            payload = payloads.read(body, KINDS[name])
        except (KeyError, payloads.InvalidPayloadError) as error:
            raise RepositoryError(f"The task cannot be read: {error}.") from None
        now = now_utc()
        with self.layout.locked():
            match payload:
                case payloads.Bootstrap():
                    return roots.bootstrap(self.layout, payload, self._signers, now)
                case payloads.MetadataUpdate():
                    return roots.update(self.layout, payload, self._known(), now)
                case payloads.Sign():
                    return roots.sign(self.layout, payload, now)
                case payloads.SignDelete():
                    return roots.forget(self.layout, payload.role)
                case payloads.Delegate() | payloads.Undelegate():
                    return roots.delegate(self.layout, payload, self._known(), now)
                case payloads.Add():
                    return self._add(payload, id)
                case payloads.Delete():
                    return self._remove(payload)
                case payloads.ConfigUpdate():
                    return self._configure(payload)
                case payloads.OnlineRoles():
                    return self._force(payload)
                case _:
                    return self._publish("Publish Artifacts Processed", {})

    def _division(self) -> Division:
        published = read_published(self.layout)
        if published is None:
            raise RepositoryError("Nothing is published yet.")
        return published.division

    def _add(self, payload: payloads.Add, id: str) -> Done:
        division = self._division()
        invalid, changes, roles = [], [], set()
        for one in payload.artifacts:
            role = "" if check_path(one.path) else division.of(one.path)
            roles.add(role)
            if not role:
                invalid.append(one.path)
                continue
            custom = dict(one.info.custom or {})
            if payload.add_task_id_to_custom:
                custom["added_by_task_id"] = id
            hashes = dict(one.info.hashes)
            sha256 = hashes.pop("sha256", "")
            changes.append(Change(one.path, one.info.length, sha256, hashes, custom))
        stage(self.layout, changes)
        details: dict[str, Any] = {
            "added_artifacts": [one.path for one in changes],
            "invalid_paths": invalid,
            "target_roles": sorted(roles - {""}),
        }
        return self._maybe(payload.publish_artifacts, "Artifact(s) Added", details)

    def _remove(self, payload: payloads.Delete) -> Done:
        division = self._division()
        known = Known(self.layout)
        found = [path for path in payload.artifacts if not check_path(path) and known.get(path)]
        taken = set(found)
        stage(self.layout, [Change(path) for path in found])
        details: dict[str, Any] = {
            "deleted_artifacts": found,
            "not_found_artifacts": [one for one in payload.artifacts if one not in taken],
            "target_roles": sorted({division.of(path) for path in found}),
        }
        return self._maybe(payload.publish_artifacts, "Artifact(s) removed", details)

    def _maybe(self, wanted: bool, message: str, details: dict[str, Any]) -> Done:
        if wanted and self.layout.staged.exists():
            return self._publish(message, details)
        return message, details

    def _publish(self, message: str, details: dict[str, Any]) -> Done:
        report = publish(self.layout, now_utc())
        published = {"snapshot": report.snapshot, "timestamp": report.timestamp}
        return message, details | {"published": published, "bins": report.bins}

    def _configure(self, payload: payloads.ConfigUpdate) -> Done:
        settings = read_settings(self.layout)
        given = payload.settings.expiration
        known = {role: days for role, days in given.items() if role in ROLES}
        days = {**settings.days, **known}
        check_days(days)
        write_settings(self.layout, msgspec.structs.replace(settings, days=days))
        return "Update Settings Processed", {
            "updated_roles": sorted(known),
            "invalid_roles": sorted(set(given) - known.keys()),
        }

    def _force(self, payload: payloads.OnlineRoles) -> Done:
        roles = payload.roles or ["targets", "snapshot", "timestamp", "bins"]
        unknown = sorted(set(roles) - {"targets", "snapshot", "timestamp", "bins"})
        if unknown:
            raise RepositoryError(f"No online roles: {', '.join(unknown)[:200]}.")
        within = EVERYTHING if {"bins", "snapshot", "targets"} & set(roles) else timedelta(0)
        self._renew(within)
        return "Force new online metadata processed", {"updated_roles": sorted(roles)}
