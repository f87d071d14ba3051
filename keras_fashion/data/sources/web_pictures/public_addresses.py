"""Where a host name leads, refused where that is not on the public internet."""

import ipaddress
import socket
from typing import Any

# What every address of the public internet lies in, and what is kept out of it for special use.
# Lists of our own, since those of `ipaddress` differ between the versions of Python.
_PUBLIC_IPV6 = ipaddress.ip_network("2000::/3")
_SPECIAL = [
    ipaddress.ip_network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3"),
        *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
]
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # how IPv6-only networks reach IPv4

SocketAddress = tuple[socket.AddressFamily, Any]
"""A family of sockets, and what `socket.connect` takes."""


class NotPublic(Exception):
    """A host has only addresses that are not on the public internet."""


def public_addresses(host: str, port: int, allow_private: bool = False) -> list[SocketAddress]:
    """Resolves a host name and leaves out addresses that are not public.

    Connect to what is returned and do not resolve the name again: a name server may answer with a
    public address first and with a private one the next time (DNS rebinding).

    Args:
        host: Name or address, an IPv6 address without brackets.
        port: TCP port.
        allow_private: Whether every address will do.

    Raises:
        NotPublic: If there are addresses, but none of them is public.
        OSError: If the name does not resolve.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # a label that is empty or longer than a name server takes
        raise OSError(f"{host!r} is not a host name") from error
    addresses = [(family, address) for family, _, _, _, address in found]
    usable = [each for each in addresses if allow_private or is_public(each[1][0])]
    if not usable:
        raise NotPublic(f"{host} is at {addresses[0][1][0]}, which is not a public address")
    return usable


def is_public(address: str) -> bool:
    """Whether an IPv4 or IPv6 address is one of the public internet.

    Private, loopback, link-local, shared, reserved, documentation and multicast addresses are not,
    nor is an IPv6 address in which such an IPv4 address is embedded.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if ip.version == 6 and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    elif ip.version == 6 and ip in _NAT64:
        ip = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    if ip.version == 6 and ip not in _PUBLIC_IPV6:
        return False
    return not any(ip in network for network in _SPECIAL)
