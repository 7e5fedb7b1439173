"""Licences as documents claim them, judged as SPDX expressions.

:func:`pratique.licenses.service.judge` is the way in.
"""
