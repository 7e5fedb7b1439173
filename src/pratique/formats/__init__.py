"""Bytes to model and back, for every format the field uses; pure and without side effects."""
