"""The record's server: GUAC's interface and the record's own questions, by tenant.

One application: ``POST /query`` and GUAC's REST paths (:mod:`pratique.surfaces.guac`),
the questions of the command line as ``/api/v1/record/…``, and who may ask them.
"""
