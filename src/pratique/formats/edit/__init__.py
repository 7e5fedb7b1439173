"""Writers for manifests and lockfiles: text in, changed text out.

Each changes as little as it can: layout, comments and order stay.  Each reads its
result again and raises :class:`EditError` rather than give a text in which
anything but the requested values is different.
"""
