"""SBOMit: bills of materials that are derived from in-toto metadata (specification 0.1.0).

A document holds a signed layout, the metadata that it is about, a mutation for
each bill that is made of them (a *SIT*), and addendums.  The specification
leaves the form of the document open; ours is JSON, see :mod:`.document`.
"""
