"""SPDX 3: a graph of elements in JSON-LD, read through the structs of SPDX 2."""
