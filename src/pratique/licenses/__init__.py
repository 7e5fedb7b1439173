"""Licences as documents claim them, judged as SPDX expressions."""
