"""Which addresses count as public."""

from __future__ import annotations

import pytest

from pratique.gate.guard import public


@pytest.mark.parametrize(
    "address",
    [
        *("8.8.8.8", "1.1.1.1", "2606:4700::1111", "2a00:1450:4001::1"),
        "64:ff9b::808:808",  # by NAT64
        "2002:808:808::1",  # by 6to4
    ],
)
def test_public(address: str) -> None:
    assert public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.0.1"),
        *("169.254.169.254", "100.64.0.1", "198.18.0.1", "192.0.2.1", "240.0.0.1"),
        *("255.255.255.255", "224.0.0.1", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1"),
        *("fd00:ec2::254", "fec0::1", "ff02::1", "100::1", "2001:db8::1", "5f00::1"),
        *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::a9fe:a9fe"),
        *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b::a00:1", "64:ff9b:1::808:808"),
        *("2002:7f00:1::", "2002:a9fe:a9fe::1", "2001:0:7f00:1::f5ff:fffe"),
        *("", "localhost", "127.1", "0177.0.0.1", "2130706433", "[::1]"),
    ],
)
def test_not_public(address: str) -> None:
    assert not public(address)
