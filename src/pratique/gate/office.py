"""Approvals and tokens, given and taken back: the same for the command line and for HTTP."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.gate.approvals import Approval, Approvals, checked, four_eyes
from pratique.gate.text import one_line
from pratique.gate.tokens import Tokens, instant
from pratique.gate.waiting import Waiting
from pratique.model.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from pratique.gate.approvals import Wish
    from pratique.gate.log import Log
    from pratique.gate.tokens import Role, Token

MAX_REASON = 1_000
"""Characters of a reason."""


_STRANGE = (msgspec.ValidationError, InputError, KeyError, TypeError, ValueError, AttributeError)


class Books:
    """What the entries of a log add up to."""

    def __init__(self) -> None:
        self.approvals = Approvals()
        self.waiting = Waiting()
        self.strange = 0
        """Entries that this version does not understand."""

    def see(self, entry: dict[str, Any]) -> None:
        """Take up an entry."""
        for book in (self.approvals, self.waiting):
            try:
                book.see(entry)
            except _STRANGE:
                # Of another version of this program: what is not understood lets nothing in.
                self.strange += 1


class Office:
    """Decides, and puts it on record.

    Args:
        log: Where it goes; its watcher is :meth:`Books.see`.
        books: What is in it.
        data: Folder of the gate.
    """

    def __init__(self, log: Log, books: Books, data: Path) -> None:
        self.log = log
        self.books = books
        self.tokens = Tokens(data)

    def approve(self, wish: Wish, approver: str, now: datetime, *, via: str) -> Approval:
        """Let something in that is held back, until a day.

        Args:
            wish: What, and why.
            approver: Who does so, by name.
            now: UTC.
            via: How it was given, and with which token.

        Raises:
            UsageError: Something of it is wrong, or the approver may not.
        """
        wish = checked(wish, now)
        four_eyes(approver, wish.owner, self.books.waiting.requesters_of(wish.subject))
        made = Approval(
            id=f"a-{secrets.token_hex(5)}",
            approver=approver.strip(),
            at=now.replace(microsecond=0),
            **msgspec.structs.asdict(wish),
        )
        self._record("approved", now, approval=msgspec.to_builtins(made), via=via)
        return made

    def reject(
        self, subject: str, rule: str, by: str, reason: str, now: datetime, *, via: str
    ) -> None:
        """Say that something that waits is not approved: it leaves the queue.

        Raises:
            UsageError: Nothing waits that this is about, or it has no reason.
        """
        _told(by, reason)
        waiting = [
            one
            for one in self.books.waiting.pending(now)
            if rule in one.rules and self.books.waiting.covers(subject, one.subject)
        ]
        if not waiting:
            raise UsageError(
                f"nothing of {one_line(subject)[:200]} waits for an approval of rule {rule[:80]}.",
                remedy="See 'pratique gate approvals list'.",
            )
        self._record("rejected", now, subject=subject, rule=rule, by=by, reason=reason, via=via)

    def revoke(self, id_: str, by: str, reason: str, now: datetime, *, via: str) -> Approval:
        """Take an approval back.

        Raises:
            UsageError: There is none of that id, or it was taken back already.
        """
        _told(by, reason)
        found = self.books.approvals.get(id_)
        if found is None:
            raise UsageError(
                f"there is no approval {id_[:40]!r}.", remedy="See 'pratique gate approvals list'."
            )
        if found.revoked:
            raise UsageError(f"the approval {id_} was taken back already, by {found.revoked}.")
        self._record(
            "revoked", now, approval=id_, subject=found.subject, by=by, reason=reason, via=via
        )
        return found

    def create_token(
        self,
        user: str,
        now: datetime,
        *,
        roles: Sequence[Role],
        team: str = "",
        environment: str = "",
        expires: datetime | None = None,
        via: str,
    ) -> tuple[Token, str]:
        """Make a token; its text is in no file and no log.

        Raises:
            UsageError: See :meth:`Tokens.create`.
        """
        made, text = self.tokens.create(
            user,
            instant(now),
            roles=roles,
            team=team,
            environment=environment,
            expires=expires,
        )
        self._record("token-created", now, token=made.told(), via=via)
        return made, text

    def revoke_token(self, id_: str, now: datetime, *, via: str) -> Token:
        """Take a token back.

        Raises:
            UsageError: See :meth:`Tokens.revoke`.
        """
        gone = self.tokens.revoke(id_, instant(now))
        self._record("token-revoked", now, token=gone.told(), via=via)
        return gone

    def _record(self, kind: str, now: datetime, **fields: Any) -> None:
        self.log.append(kind, now, **fields)
        self.log.sync()


def _told(by: str, reason: str) -> None:
    if not by.strip() or not by.isprintable():
        raise UsageError("who decides is said by name.")
    if not reason.strip() or len(reason) > MAX_REASON or not reason.isprintable():
        raise UsageError("the reason is missing, too long, or more than one line.")
