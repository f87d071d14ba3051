"""Host names resolved to addresses of the public internet only.

The list of special networks is our own because `ipaddress` does not serve as a guard: its
`is_global` of Python 3.11.7 accepts 12 of the 41 addresses that the tests refuse (multicast, 6to4,
NAT64 of a private address and others), and its answers differ between the versions of Python.
"""

import ipaddress
import socket

_PUBLIC_IPV6 = ipaddress.ip_network("2000::/3")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # IPv4 as seen from networks that only have IPv6
_SPECIAL = [  # the networks that the registries of the IANA reserve for special purposes
    ipaddress.ip_network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3"),
        *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
]


class NotPublic(Exception):
    """A host has no address on the public internet."""


def public_addresses(host: str, port: int, allow_private: bool = False) -> list[str]:
    """Resolves a host name and leaves out addresses that are not public.

    Connect to one of the returned addresses and do not resolve the name again: a name server may
    answer with a public address first and with a private one later (DNS rebinding).

    Args:
        host: Host name or address; an IPv6 address without brackets.
        port: TCP port.
        allow_private: Whether to return addresses that are not public, too.

    Returns:
        IPv4 and IPv6 addresses as text, in the order of the resolver.

    Raises:
        NotPublic: If the host has addresses, but none of them is public.
        OSError: If the name does not resolve.

    Example:
        >>> public_addresses("127.0.0.1", 80, allow_private=True)
        ['127.0.0.1']
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # a label is empty or longer than 63 characters
        raise OSError(f"{host!r} is not a host name") from error
    addresses = [str(address[0]) for *_, address in found]
    usable = [each for each in addresses if allow_private or is_public(each)]
    if not usable:
        raise NotPublic(f"{host} is at {addresses[0]}, which is not a public address")
    return usable


def is_public(address: str) -> bool:
    """Returns whether an IPv4 or IPv6 address belongs to the public internet.

    Private, loopback, link-local, shared, reserved, documentation and multicast addresses do not,
    nor does an IPv6 address in which such an IPv4 address is embedded.

    Example:
        >>> is_public("8.8.8.8"), is_public("::ffff:10.0.0.1")
        (True, False)
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if ip.version == 6 and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    elif ip.version == 6 and ip in _NAT64:
        ip = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    if ip.version == 6 and ip not in _PUBLIC_IPV6:
        return False
    return not any(ip in network for network in _SPECIAL)
