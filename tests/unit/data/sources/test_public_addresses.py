import socket

import pytest

from keras_fashion.data.sources.web_pictures.public_addresses import (
    NotPublic,
    is_public,
    public_addresses,
)

# By hand from the registries of special-purpose addresses of the IANA.
PUBLIC = ["8.8.8.8", "93.184.216.34", "172.32.0.1", "100.128.0.1", "192.0.1.1", "223.255.255.254"]
PUBLIC += ["2606:4700:4700::1111", "2a00:1450:4001:81b::200e", "::ffff:8.8.8.8", "64:ff9b::808:808"]
NOT_PUBLIC = ["0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.9.9.9"]
NOT_PUBLIC += ["169.254.169.254", "172.16.0.1", "172.31.255.255", "192.168.1.1", "192.0.0.170"]
NOT_PUBLIC += ["192.0.2.1", "192.88.99.1", "198.18.0.1", "198.19.255.255", "198.51.100.1"]
NOT_PUBLIC += ["203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"]
NOT_PUBLIC += ["::", "::1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd12::1", "ff02::1"]
NOT_PUBLIC += ["2001:db8::1", "2001::1", "2002:7f00:1::", "3fff::1", "100::1", "5f00::1"]
NOT_PUBLIC += ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1"]
NOT_PUBLIC += ["64:ff9b:1::808:808", "::ffff:0:127.0.0.1"]


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_of_the_public_internet(address):
    assert is_public(address)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_addresses_that_are_not(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "127.1", "0x7f.1", "2130706433", "::1", "0"]
)
def test_however_loopback_is_written_it_is_refused(host):
    with pytest.raises((NotPublic, OSError)):
        public_addresses(host, 80)
    if host != "::1":
        assert public_addresses(host, 80, allow_private=True)


def test_of_several_addresses_the_public_ones_are_left(monkeypatch):
    answers = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80))
        for address in ("10.0.0.1", "93.184.216.34", "127.0.0.1")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers)
    assert public_addresses("shop.example", 80) == ["93.184.216.34"]


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "a..example"])
def test_what_is_no_host_name_is_an_os_error(host):
    with pytest.raises(OSError):
        public_addresses(host, 80)
