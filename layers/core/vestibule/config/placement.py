"""Hooks where they stand: what can run there, what never will, and what takes whose place. Contract 02 §1, §2."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from msgspec import Struct

from vestibule.config.document import Document, dig, matching, pointer
from vestibule.config.findings import Finding
from vestibule.config.flows import LoginAfter, RegistrationAfter, SettingsAfter
from vestibule.config.points import CAPABILITIES, ONLY_METHODS, WITHOUT_IMPLEMENTATION, Point
from vestibule.config.switches import flow_enabled, method_enabled, verification_enabled
from vestibule.config.tree import sections

FLOWS = ("login", "registration", "settings", "recovery", "verification")

METHODS: dict[str, tuple[str, ...]] = {
    flow: tuple(key for key, field in model.model_fields.items() if sections(field.annotation))
    for flow, model in (("login", LoginAfter), ("registration", RegistrationAfter), ("settings", SettingsAfter))
}
"""Flow to the methods that may have a list of their own."""

STORING = ("registration", "settings")
"""Flows that run hooks before and after they store the identity. Before it, the global list is never asked."""


class HookList(Struct, frozen=True):
    """One `hooks:` list as it stands in the document. `method` is None for before and for the global after list."""

    flow: str
    moment: str
    method: str | None
    entries: tuple[Any, ...]

    @property
    def path(self) -> tuple[str, ...]:
        named = () if self.method is None else (self.method,)
        return ("selfservice", "flows", self.flow, self.moment, *named, "hooks")

    @property
    def points(self) -> frozenset[Point]:
        """The points at which this list is asked."""
        if self.moment == "before":
            return frozenset({Point(f"{self.flow}.before")})
        if self.flow not in STORING:
            return frozenset({Point(f"{self.flow}.after")})
        stored = Point(f"{self.flow}.post_persist")
        return frozenset({stored} if self.method is None else {Point(f"{self.flow}.pre_persist"), stored})

    def named(self) -> Iterator[tuple[int, str, Mapping[str, Any]]]:
        """Position, name and entry of the hooks that exist."""
        for position, entry in enumerate(self.entries):
            name: object = dig(entry, "hook")
            if isinstance(name, str) and name in CAPABILITIES:
                yield position, name, cast("Mapping[str, Any]", entry)


def lists(document: Document) -> Iterator[HookList]:
    """All lists with at least one entry."""
    for flow in FLOWS:
        places: list[tuple[str, str | None]] = [("before", None), ("after", None)]
        places += [("after", method) for method in METHODS.get(flow, ())]
        for moment, method in places:
            named = () if method is None else (method,)
            entries: object = dig(document, "selfservice", "flows", flow, moment, *named, "hooks")
            if isinstance(entries, list) and entries:
                yield HookList(flow, moment, method, tuple(cast("list[Any]", entries)))


def placed(document: Document) -> list[Finding]:
    """Everything there is to say of hooks and their places."""
    found = tuple(lists(document))
    findings: list[Finding] = []
    for hooks in found:
        findings += _duplicates(hooks)
        findings += _unreachable_list(document, hooks)
        for position, name, entry in hooks.named():
            findings += _entry(document, hooks, position, name, entry)
    return [*findings, *_shadowed(document, found)]


def _entry(
    document: Document, hooks: HookList, position: int, name: str, entry: Mapping[str, Any]
) -> Iterator[Finding]:
    at = pointer((*hooks.path, position))
    only = ONLY_METHODS.get(name)
    if not CAPABILITIES[name] & hooks.points or (only and hooks.method and hooks.method not in only):
        yield Finding(at, f"{name} never runs here, but {_places(name)}")
    elif name in WITHOUT_IMPLEMENTATION:
        yield Finding(at, f"{name} does nothing", severity="info")
    elif name == "web_hook":
        yield from _web_hook(at, hooks, entry)
    elif name in ("verification", "show_verification_ui", "require_verified_address"):
        yield from _verifying(document, hooks, at, name)


def _places(name: str) -> str:
    """The places where a hook runs: `after registration`, `after settings (profile)`."""
    flows = [flow for flow in FLOWS if any(point.startswith(f"{flow}.") for point in CAPABILITIES[name])]
    methods = f" ({', '.join(sorted(ONLY_METHODS[name]))})" if name in ONLY_METHODS else ""
    return f"after {', '.join(flows)}{methods}"


def _web_hook(at: str, hooks: HookList, entry: Mapping[str, Any]) -> Iterator[Finding]:
    config: object = entry.get("config")
    on_error: object = dig(config, "on_error", default="fail")
    if on_error == "compensate" and hooks.flow != "registration":
        yield Finding(f"{at}/config/on_error", "compensate takes back a registration; here it is fail or allow")
    if on_error != "fail" and dig(config, "response", "ignore") is True:
        sentence = "has no effect: nobody waits for an answer that is ignored"
        yield Finding(f"{at}/config/on_error", sentence, severity="warning")
    interrupts = dig(config, "can_interrupt") is True
    parses = dig(config, "response", "parse") is True or interrupts
    if parses and dig(config, "response", "ignore") is True:
        yield Finding(f"{at}/config/response/ignore", "an answer that is ignored cannot be parsed or interrupt")
    if interrupts:
        yield Finding(f"{at}/config/can_interrupt", "is deprecated for response.parse", severity="info")
    body: object = dig(config, "body")
    if body is None and dig(config, "method") != "TRACE":
        yield Finding(f"{at}/config", "has no body, so that every call fails", severity="warning")
    if isinstance(body, str) and "://" not in body:
        yield Finding(f"{at}/config/body", "a bare path is deprecated for file://", severity="warning")
    for header, value in matching(config, "/headers/*"):
        if header.lower() == "/headers/content-type" and not str(value).startswith(_BODIES):
            yield Finding(f"{at}/config{header}", f"is none of {', '.join(_BODIES)}", severity="warning")


_BODIES = ("application/json", "application/x-www-form-urlencoded")


def _verifying(document: Document, hooks: HookList, at: str, name: str) -> Iterator[Finding]:
    if not verification_enabled(document):
        sentence = f"{name} needs /selfservice/flows/verification/enabled, which is not set"
        yield Finding(at, sentence, severity="warning")
    elif name == "verification" and hooks.method in ("totp", "lookup_secret"):
        yield Finding(at, "never runs: it acts on first factors only", severity="warning")
    elif name == "verification" and hooks.flow != "login":
        sentence = "runs by itself here, since verification is enabled; listed, it sends another message"
        yield Finding(at, sentence, severity="warning")
    elif name != "require_verified_address" and hooks.flow == "login":
        yield Finding(at, "is deprecated at login for require_verified_address", severity="info")


def _duplicates(hooks: HookList) -> Iterator[Finding]:
    for position, entry in enumerate(hooks.entries):
        if entry in hooks.entries[:position]:
            yield Finding(pointer((*hooks.path, position)), "stands in this list twice")


def _unreachable_list(document: Document, hooks: HookList) -> Iterator[Finding]:
    if not flow_enabled(document, hooks.flow):
        sentence = f"never run: /selfservice/flows/{hooks.flow} is not enabled"
        yield Finding(pointer(hooks.path), sentence, severity="warning")
    elif hooks.method is not None and not method_enabled(document, hooks.method, hooks.flow):
        sentence = f"never run: /selfservice/methods/{hooks.method} is not enabled for {hooks.flow}"
        yield Finding(pointer(hooks.path), sentence, severity="warning")


def _shadowed(document: Document, found: tuple[HookList, ...]) -> Iterator[Finding]:
    """Global lists that nobody reaches, since every method that is enabled has hooks of its own."""
    for hooks in found:
        if hooks.moment == "before" or hooks.method is not None or hooks.flow not in METHODS:
            continue
        enabled = [method for method in METHODS[hooks.flow] if method_enabled(document, method, hooks.flow)]
        shadowing = {other.method for other in found if other.flow == hooks.flow and _takes_over(other)}
        if enabled and shadowing.issuperset(enabled):
            sentence = "never run: every method that is enabled has hooks of its own, which take the place of these"
            yield Finding(pointer(hooks.path), sentence, severity="warning")


def _takes_over(hooks: HookList) -> bool:
    """Whether the list keeps the global one from running: one hook that can run after all is stored does."""
    stored = {point for point in hooks.points if not point.endswith((".pre_persist", ".before"))}
    return hooks.method is not None and any(CAPABILITIES[name] & stored for _, name, _ in hooks.named())
