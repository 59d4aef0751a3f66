"""Private addresses, however they are written, and whatever a name stands for a moment later."""

import socket
from contextlib import closing

import pytest
from tests.adapters.test_web import at, serving

from vestibule.adapters import web_sockets
from vestibule.adapters.web import HttpWeb, guarded
from vestibule.adapters.web_guard import Exceptions, is_public
from vestibule.ports import WebUnreachable

PRIVATE = [
    "0.0.0.1", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.1.2.3", "168.63.129.16",
    "169.254.169.254", "169.254.170.2", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1",
    "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "100::1", "2001:db8::1",
    "2001:2::1", "2001:10::1", "3fff::1", "5f00::1", "64:ff9b:1::a00:1",
]  # fmt: skip
WRAPPED = [
    "::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::169.254.169.254",
    "64:ff9b::7f00:1", "2002:7f00:1::1", "2002:a9fe:a9fe::", "2001:0:7f00:1::",
    "2001:0:4136:e378:8000:63bf:5601:5601",  # Teredo of a public server for 169.254.169.254
    "2600:1900::5efe:10.0.0.1", "2600:1900::200:5efe:127.0.0.1",
]  # fmt: skip
PUBLIC = [
    "1.1.1.1", "8.8.8.8", "93.184.215.14", "172.32.0.1", "100.128.0.1", "192.0.1.1", "198.20.0.1",
    "2606:4700:4700::1111", "2a00:1450:4001::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1",
    "2001:0:4136:e378:8000:63bf:f7f7:f7f7",
]  # fmt: skip


@pytest.mark.parametrize("address", [*PRIVATE, *WRAPPED, "", "localhost", "127.1", "0x7f000001", "1.2.3.4.5"])
def test_private_addresses_and_what_is_none_are_refused(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_allowed(address):
    assert is_public(address)


@pytest.fixture
def server():
    with serving() as running:
        yield running


SPELLINGS = (
    "127.0.0.1", "localhost", "LOCALHOST", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]", "0", "127.0.0.1.", "localhost.", "①②⑦.0.0.1",
)  # fmt: skip


@pytest.mark.parametrize("host", SPELLINGS)
def test_no_spelling_of_the_own_machine_is_connected_to(server, host):
    with closing(guarded(disallow_private=True, exceptions=())) as web, pytest.raises(WebUnreachable):
        web.request("GET", f"http://{host}:{server.server_port}/", timeout=5)
    assert server.seen == []


def test_without_the_switch_everything_is_reached(server):
    with closing(guarded(disallow_private=False, exceptions=())) as web:
        assert web.request("GET", at(server)).status == 200


_SYSTEM = socket.getaddrinfo


class Resolver:
    """Gives each look-up the next of the answers, the last one again and again."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = 0

    def __call__(self, host, port, *more, **keys):
        if not host.endswith(".example"):
            return _SYSTEM(host, port, *more, **keys)
        self.asked += 1
        addresses = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]


def looks_public(address):
    """127.0.0.1 plays a public server, all others of the machine are private ones."""
    return address == "127.0.0.1"


def test_a_name_that_changes_its_mind_is_asked_once_and_connected_to_as_it_answered(server, monkeypatch):
    resolver = Resolver(["127.0.0.1"], ["127.0.0.2"])
    monkeypatch.setattr(web_sockets.socket, "getaddrinfo", resolver)
    asked = []
    with closing(HttpWeb(allow=lambda address: asked.append(address) or looks_public(address))) as web:
        url = f"http://rebound.example:{server.server_port}/"
        assert web.request("GET", url, headers={"Connection": "close"}).status == 200
        assert (resolver.asked, asked) == (1, ["127.0.0.1"])
        with pytest.raises(WebUnreachable):
            web.request("GET", url)
    assert (resolver.asked, len(server.seen)) == (2, 1)


def test_of_a_name_with_both_kinds_only_the_public_one_is_connected_to(server, monkeypatch):
    monkeypatch.setattr(web_sockets.socket, "getaddrinfo", Resolver(["127.0.0.2", "127.0.0.1"]))
    with closing(HttpWeb(allow=looks_public)) as web:
        assert web.request("GET", f"http://both.example:{server.server_port}/").status == 200
    assert len(server.seen) == 1


def test_an_exception_lets_its_address_through_and_no_other(server):
    with closing(guarded(disallow_private=True, exceptions=[at(server, "/open/*")])) as web:
        assert web.request("GET", at(server, "/open/x?q=1")).status == 200
        # The connection of the exception is still open; others must not use it.
        for path in ("/", "/opened", "/open/x/y", "/open/../secret", "/open/%2e%2e", "/open/..%2fsecret"):
            with pytest.raises(WebUnreachable):
                web.request("GET", at(server, path))
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("glob", "url", "matches"),
    [
        ("http://a.internal/hook", "http://a.internal/hook", True),
        ("http://a.internal/hook", "http://a.internal/hook?x=1#y", True),
        ("http://a.internal/hook", "http://user:pass@A.internal/hook", True),
        ("http://a.internal/hook", "http://a.internal/hook/", False),
        ("http://a.internal/hook", "https://a.internal/hook", False),
        ("http://*.internal/*", "http://a.internal/x", True),
        ("http://*.internal/*", "http://a.b.internal/x", False),
        ("http://*.internal/*", "http://a.internal/x/y", False),
        ("http://*.internal/*", "http://a.internal/x.y", False),
        ("http://**.internal/**", "http://a.b.internal/x/y.z", True),
        ("http://?.internal/", "http://a.internal/", True),
        ("http://?.internal/", "http://ab.internal/", False),
        ("http://[a-c].internal/", "http://b.internal/", True),
        ("http://[!a-c].internal/", "http://b.internal/", False),
        ("http://{a,b.c}.internal/", "http://b.c.internal/", True),
        ("http://{a,b.c}.internal/", "http://c.internal/", False),
        ("http://\\*.internal/", "http://a.internal/", False),
        ("http://[c-a].internal/", "http://b.internal/", False),
        ("http://[a/", "http://[a/", False),
        ("http://evil.org/", "http://evil.org@127.0.0.1/", False),
    ],
)
def test_exceptions_are_globs_whose_stars_stop_at_points_and_slashes(glob, url, matches):
    assert Exceptions([glob])(url) is matches
