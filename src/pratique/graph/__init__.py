"""Questions over the record, each under one of three names that are kept apart.

*exposure*
    Which inventories contain it (:mod:`~pratique.graph.exposure`).
*explanation*
    The paths inside one bill of materials' own graph
    (:mod:`~pratique.graph.explanation`).
*ecosystem reach*
    The union of all bills' graphs (:mod:`~pratique.graph.reach`): it conflates
    resolutions of several products, and overstates.
"""
