"""The policies that Pratique ships, as documents; see :mod:`pratique.policy.library`."""
