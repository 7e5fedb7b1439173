"""The record: who said what about which package, kept for good.

SQLite (write-ahead log) in the user's data folder by default, PostgreSQL by
URL; one schema for both.  Nouns and claims are stored once, however many
documents speak of them; a document is content-addressed and belongs to one
tenant.  :class:`~pratique.store.record.Record` reads what one tenant may see,
:func:`~pratique.store.writing.write` adds a batch of documents.

SQLAlchemy and the drivers are imported when a store is opened.
"""

from pratique.store.adjacency import Adjacency
from pratique.store.documents import Bill, Claim, Entry, Placement
from pratique.store.errors import StoreError
from pratique.store.location import store_url
from pratique.store.nouns import Noun, NounKind

__all__ = [
    "Adjacency",
    "Bill",
    "Claim",
    "Entry",
    "Noun",
    "NounKind",
    "Placement",
    "StoreError",
    "store_url",
]
