from pathlib import Path

import pytest

from vestibule.config.fetch import LIMIT, FetchError, fetch


def test_files_are_read_by_address_and_by_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "a.json").write_bytes(b"{}")
    monkeypatch.chdir(tmp_path)
    for source in (f"file://{tmp_path}/a.json", "file://a.json", "file://./a.json", f"{tmp_path}/a.json", "a.json"):
        assert fetch(source) == b"{}"


def test_relative_paths_may_start_elsewhere(tmp_path: Path):
    (tmp_path / "a.json").write_bytes(b"{}")
    assert fetch("file://a.json", base=tmp_path) == b"{}"


def test_base64_carries_the_bytes():
    assert fetch("base64://eyJhIjogMX0=") == b'{"a": 1}'


@pytest.mark.parametrize("source", ["https://example.org/a", "http://example.org/a", "HTTPS://example.org/a"])
def test_addresses_on_the_web_are_read_by_the_callable(source: str):
    asked: list[tuple[str, int]] = []

    def get(url: str, limit: int) -> bytes:
        asked.append((url, limit))
        return b"{}"

    assert fetch(source, get) == b"{}"
    assert asked == [(source, LIMIT)]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("file://no-such-file", "cannot be read: No such file"),
        ("file:///", "cannot be read: Is a directory"),
        ("a\0b", "is no path"),
        ("base64://%%%", "is no base64"),
        ("base64://e30", "is no base64"),
        ("https://example.org/a", "cannot be read here"),
        ("ftp://example.org/a", "is none of file://"),
    ],
)
def test_what_cannot_be_read_says_why(source: str, reason: str):
    with pytest.raises(FetchError, match=reason):
        fetch(source)


@pytest.mark.attack("cfg-06")
def test_what_is_too_large_is_refused_wherever_it_comes_from(tmp_path: Path):
    (tmp_path / "a").write_bytes(b"12345")
    for source in (f"file://{tmp_path}/a", "base64://MTIzNDU=", "https://example.org/a"):
        with pytest.raises(FetchError, match="larger than 4 bytes"):
            fetch(source, lambda url, limit: b"12345", limit=4)
