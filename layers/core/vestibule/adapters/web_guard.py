"""Which addresses outgoing calls may reach where private ones are off: `clients.http.disallow_private_ip_ranges`.

A table of our own, after IANA's registries of special-purpose addresses: what `ipaddress` calls global differs between
versions of Python, and takes wrapped link-local addresses for global ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import unquote, urlsplit

_REFUSED_4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this network
            "10.0.0.0/8",
            "100.64.0.0/10",  # carriers' NAT, and other clouds' metadata
            "127.0.0.0/8",
            "168.63.129.16/32",  # Azure's metadata, in a public range
            "169.254.0.0/16",  # link-local, metadata
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
        ),
    )
)
_GLOBAL_6 = IPv6Network("2000::/3")
_REFUSED_6 = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "3fff::/20")))

_COMPATIBLE = IPv6Network("::/96")
_NAT64 = IPv6Network("64:ff9b::/96")
_SIX_TO_FOUR = IPv6Network("2002::/16")
_TEREDO = IPv6Network("2001::/32")
_ISATAP = 0x00005EFE
"""The upper half of an interface id that ends in an IPv4 address (RFC 5214), but for its universal bit."""


def is_public(address: str) -> bool:
    """Whether the address, and every one that it wraps, is one of the internet's. False for what is no address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv4Address):
        return not any(parsed in network for network in _REFUSED_4)
    wrapped = list(_wrapped(parsed))
    if wrapped:
        return all(is_public(str(inner)) for inner in wrapped)
    return parsed in _GLOBAL_6 and not any(parsed in network for network in _REFUSED_6)


def _wrapped(address: IPv6Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses that routers or hosts may take out of it."""
    bits = int(address)
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    elif address in _COMPATIBLE or address in _NAT64:
        yield IPv4Address(bits & 0xFFFFFFFF)
    elif address in _SIX_TO_FOUR:
        yield IPv4Address(bits >> 80 & 0xFFFFFFFF)
    elif address in _TEREDO:
        yield IPv4Address(bits >> 64 & 0xFFFFFFFF)
        yield IPv4Address(~bits & 0xFFFFFFFF)
    elif bits >> 32 & 0xFDFFFFFF == _ISATAP and address in _GLOBAL_6:
        yield IPv4Address(bits & 0xFFFFFFFF)


class Exceptions:
    r"""`clients.http.private_ip_exception_urls`: addresses that may stand anywhere.

    Globs as Kratos's: `*` and `?` stop at `.` and `/`, `**` does not; `[a-z]`, `[!a]`, `{a,b}`, `\\` for the next
    character as it is. Matched is the whole address without user, query and fragment.
    """

    def __init__(self, globs: Sequence[str]) -> None:
        self._patterns = tuple(_pattern(glob) for glob in globs)

    def __call__(self, url: str) -> bool:
        try:
            parts = urlsplit(url)
        except ValueError:
            return False
        path = parts.path
        if ".." in unquote(path).replace("\\", "/").split("/"):
            return False  # who follows the dots is somewhere else than the glob says
        host = parts.netloc.rpartition("@")[2]
        plain = f"{parts.scheme.lower()}://{host.lower()}{path}"
        return any(pattern.fullmatch(plain) for pattern in self._patterns)


_TOKEN = re.compile(
    r"\\(?P<plain>.)|(?P<deep>\*\*+)|(?P<star>\*)|(?P<one>\?)|\[(?P<not>!?)(?P<set>[^\]]+)\]|(?P<any>.)", re.DOTALL
)


def _pattern(glob: str) -> re.Pattern[str]:
    try:
        return re.compile(_translated(glob))
    except re.error:  # a range that runs backwards
        return _NOTHING


_NOTHING = re.compile(r"(?!)")


def _translated(glob: str) -> str:
    """The glob as a regular expression."""
    depth, written = 0, ""
    for token in _TOKEN.finditer(glob):
        if (plain := token["plain"]) is not None:
            written += re.escape(plain)
        elif token["deep"]:
            written += ".*"
        elif token["star"]:
            written += "[^./]*"
        elif token["one"]:
            written += "[^./]"
        elif token["set"]:
            written += f"[{'^' if token['not'] else ''}{re.escape(token['set']).replace(chr(92) + '-', '-')}]"
        elif token["any"] == "{":
            depth, written = depth + 1, written + "(?:"
        elif token["any"] == "}" and depth:
            depth, written = depth - 1, written + ")"
        elif token["any"] == "," and depth:
            written += "|"
        else:
            written += re.escape(token["any"])
    return written + ")" * depth
