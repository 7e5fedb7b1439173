"""Continuous matching: what changed in the record's findings since last time, and who is told.

A run holds the newest bills of all products against the advisories and the VEX
statements and judgements of the record, as ``pratique triage list`` and ``pratique
affected`` do, but only where something came in since the run before it.  Each change
is an event with its cause, written in one transaction with the state that it leads to
and with what is to be told over which channel.
"""

from pratique.watch.models import Event, Kind

__all__ = ["Event", "Kind"]
