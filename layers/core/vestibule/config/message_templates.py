"""What a configuration puts in the place of the built-in messages: `courier.templates` and `template_override_path`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vestibule.config.fetch import FetchError
from vestibule.config.findings import ConfigError, Finding
from vestibule.config.go_template import Template, TemplateRefused, parse
from vestibule.domain.courier_fields import FIELDS

if TYPE_CHECKING:
    from vestibule.config.courier import Courier

Fetch = Callable[[str], bytes]
"""Source → its bytes. Raises FetchError."""

Overrides = Mapping[tuple[str, str], Template]
"""(type of the message, part) → what stands there instead. Parts: see PARTS."""

PARTS: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "email.subject": ("email", "email.subject", ("email", "subject")),
    "email.plain": ("email", "email.body.plaintext", ("email", "body", "plaintext")),
    "email.html": ("email", "email.body", ("email", "body", "html")),
    "sms.plain": ("sms", "sms.body", ("sms", "body", "plaintext")),
}
"""Part → `via`, its file below `template_override_path` (+ `.gotmpl`), and its keys in `courier.templates`."""

_PATH = "/courier/template_override_path"


def load_overrides(courier: Courier, fetch: Fetch, base: Path | None = None) -> Overrides:
    """All overrides, read and parsed; keys go before files. Raises ConfigError with everything that is wrong."""
    found: dict[tuple[str, str], Template] = {}
    findings: list[Finding] = []
    for type_, part, at, source in _sources(courier, base):
        try:
            text = fetch(source).decode()
            found.setdefault((type_, part), parse(text, _fields(type_, part)))
        except UnicodeDecodeError:
            findings.append(Finding(at, f"the template {_name(source)} is no UTF-8"))
        except FetchError as error:
            findings.append(Finding(at, f"the template {_name(source)} {error}"))
        except TemplateRefused as refused:
            findings.append(Finding(at, f"the template {_name(source)}, {refused}"))
    if findings:
        raise ConfigError(findings)
    return found


def _fields(type_: str, part: str) -> tuple[str, ...]:
    return FIELDS[PARTS[part][0]].get(type_, ())


def _sources(courier: Courier, base: Path | None) -> Iterator[tuple[str, str, str, str]]:
    """(type, part, where it is configured, source), those of keys first."""
    for type_, levels in _types():
        section = _below(courier.templates, levels)
        for part, (_, _, keys) in PARTS.items():
            source = _below(section, keys)
            if isinstance(source, str):
                yield type_, part, "/".join(("/courier/templates", *levels, *keys)), source
    if courier.template_override_path:
        for type_, part, _, path in in_folder((base or Path()) / courier.template_override_path):
            yield type_, part, _PATH, str(path.resolve())


def in_folder(root: Path) -> Iterator[tuple[str, str, tuple[str, ...], Path]]:
    """What lies in a folder of overrides: (type, part, the keys of `courier.templates` that do the same, file)."""
    for type_, levels in _types():
        for part, (_, name, keys) in PARTS.items():
            path = root.joinpath(*levels, f"{name}.gotmpl")
            if path.is_file():
                yield type_, part, (*levels, *keys), path


def _below(section: Any, keys: tuple[str, ...]) -> Any:
    for key in keys:
        section = getattr(section, key, None)
    return section


def _types() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Type → where it stands: `recovery_code_valid` in `recovery_code/valid`, what has no such pair by its own name."""
    for type_ in FIELDS["email"]:
        stem, _, variant = type_.rpartition("_")
        yield type_, ((stem, variant) if variant in ("valid", "invalid") else (type_,))


def _name(source: str) -> str:
    """How a source is called in a finding: an embedded one is its own text."""
    return "in it" if source.startswith("base64://") else source
