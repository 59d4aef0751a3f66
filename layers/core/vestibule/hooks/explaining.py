"""What runs where, in which order, and why; and what of the configuration never does: `actions explain`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from vestibule.config.points import CAPABILITIES, ONLY_METHODS, TOKEN, WITHOUT_IMPLEMENTATION
from vestibule.domain.json import Json
from vestibule.hooks import choosing
from vestibule.hooks.choosing import Choice, Placed, Won

if TYPE_CHECKING:
    from vestibule.config.model import Config

FLOWS = ("login", "registration", "recovery", "settings", "verification")

_ALWAYS_ON = frozenset({"login", "settings", "profile"})
_NEEDS_VERIFICATION = frozenset({"verification", "show_verification_ui", "require_verified_address"})
_SECOND_FACTORS = frozenset({"totp", "lookup_secret"})
_STAGES = {
    "before": "when the flow starts",
    "after": "once the flow has succeeded, before it is answered",
    "pre_persist": "before the change is stored",
    "post_persist": "after the change is stored",
}


class NoSuchPlace(LookupError):
    """What was asked for is no place of hooks; the text says which there are."""


def explained(asked: str, config: Config) -> Json:
    """Of `login`, `login.password`, `login.after.password` or `oauth2.token`: the chain as it runs, point by point.

    A flow without a method is explained for methods that have no list of their own. `shadowed` would run if another
    list did not win, `never` runs whatever wins. Raises NoSuchPlace.
    """
    if asked == TOKEN:
        return _token(config)
    flow, method = place(asked, config)
    choices = [choosing.chosen(point, method, config) for point in choosing.points(flow)]
    ran = {
        each.pointer for choice in choices for each in choice.hooks if not choosing.is_silent(each.entry, choice.point)
    }
    idle = [each for each in listed(flow, method, config) if each.pointer not in ran]
    never = [
        (each, why) for each in listed(flow, method, config) if (why := _useless(each.entry, flow, method, config))
    ]
    hopeless = {each.pointer for each, _ in never}
    winner = next((choice for choice in reversed(choices) if choice.won is Won.METHOD), None)
    return {
        "asked": asked,
        "flow": flow,
        "method": method or None,
        "off": _off(flow, method, config),
        "points": [_point(choice, method) for choice in choices],
        "shadowed": [
            told(each) | {"why": f"the hooks of {_name(winner.hooks, flow, method)} take the place of the default ones"}
            for each in idle
            if winner is not None and each.pointer not in hopeless
        ],
        "never": [told(each) | {"why": why} for each, why in never],
    }


def methods(flow: str, config: Config) -> tuple[str, ...]:
    """The methods that may have a list of their own in the flow."""
    after: object = getattr(config.selfservice.flows, flow).after
    return tuple(name for name in vars(after) if hasattr(getattr(after, name), "hooks"))


def place(asked: str, config: Config) -> tuple[str, str]:
    """Flow and method ("" for none) of `login`, `login.password`, `login.after.password`. Raises NoSuchPlace."""
    flow, *rest = asked.split(".")
    words = [word for word in rest if word not in ("before", "after", "pre_persist", "post_persist")]
    if flow not in FLOWS:
        raise NoSuchPlace(f"there is no {flow!r}; there are {', '.join((*FLOWS, TOKEN))}")
    known = methods(flow, config)
    if len(words) > 1 or (words and words[0] not in known):
        among = f"its methods are {', '.join(known)}" if known else "its hooks do not depend on a method"
        raise NoSuchPlace(f"{flow} has no {'.'.join(words)!r}; {among}")
    return flow, words[0] if words else ""


def listed(flow: str, method: str, config: Config) -> Iterator[Placed]:
    """Every entry that has to do with the flow and the method, whether it runs or not."""
    section: Any = getattr(config.selfservice.flows, flow)
    for place, entries in (
        ((flow, "before"), section.before.hooks),
        ((flow, "after"), section.after.hooks),
        ((flow, "after", method), section.after.method(method).hooks if method else ()),
    ):
        for position, entry in enumerate(entries):
            yield Placed(entry, place, position)


def _off(flow: str, method: str, config: Config) -> str | None:
    """Why nothing of it is ever reached."""
    if getattr(getattr(config.selfservice.flows, flow), "enabled", True) is False:
        return f"selfservice.flows.{flow} is not enabled"
    if not method or method in _ALWAYS_ON:
        return None
    settings: Any = getattr(config.selfservice.methods, method)
    if method == "code":
        on = settings.passwordless_enabled or (flow == "login" and settings.mfa_enabled)
    else:
        on = settings.enabled
    return None if on else f"selfservice.methods.{method} is not enabled for {flow}"


def _useless(entry: Any, flow: str, method: str, config: Config) -> str | None:
    """Why the hook does nothing here whatever list wins."""
    name = entry.hook
    only = ONLY_METHODS.get(name)
    if name in WITHOUT_IMPLEMENTATION:
        return f"{name} has no implementation here, nor in Kratos's open-source version"
    if not any(point in CAPABILITIES[name] for point in choosing.points(flow)):
        return f"{name} cannot run in {flow}"
    if only and method not in only:
        return f"{name} acts for {', '.join(sorted(only))} only"
    if name == "verification" and method in _SECOND_FACTORS:
        return "it acts on first factors only"
    if name in _NEEDS_VERIFICATION - {"require_verified_address"} and not config.selfservice.flows.verification.enabled:
        return "selfservice.flows.verification is not enabled"
    return None


def _point(choice: Choice, method: str) -> Json:
    point = choice.point
    flow, stage = point.value.split(".")
    running = [each for each in choice.hooks if not choosing.is_silent(each.entry, point)]
    return {
        "point": str(point),
        "when": _STAGES[stage],
        "won": str(choice.won),
        "why": _why(choice, flow, method),
        "hooks": [
            told(each) | ({"why": "runs by itself, since verification is enabled"} if each.is_implicit else {})
            for each in running
        ],
    }


def _why(choice: Choice, flow: str, method: str) -> str:
    match choice.won:
        case Won.BEFORE:
            return "one list, whatever the method"
        case Won.FLOW:
            return f"one list: the hooks of {flow} do not depend on a method"
        case Won.METHOD:
            return f"{flow}.after.{method} has hooks of its own, which take the place of the default ones"
        case Won.DEFAULT:
            own = f"{flow}.after.{method} has no hook of its own" if method else "no list of a method is asked"
            if choice.point.value.endswith(".pre_persist"):
                return f"{own} that runs after storing, so the default list {flow}.after may refuse here, too"
            return f"{own} for this, so the default list {flow}.after runs"


def _name(hooks: Iterable[Placed], flow: str, method: str) -> str:
    place = next((each.place for each in hooks if each.place), (flow, "after", method))
    return ".".join(place)


def _token(config: Config) -> Json:
    token = config.vestibule.oauth2.token
    off = None if token.api_key.values else "vestibule.oauth2.token.api_key has no values, so the hook is not served"
    hooks = [
        told(Placed(entry)) | {"at": f"/vestibule/oauth2/token/hooks/{position}"}
        for position, entry in enumerate(token.hooks)
    ]
    why = "one list, whatever the grant; each action sees the claims as those before it left them"
    point = {"point": TOKEN, "when": "before a token is issued or refreshed", "won": "flow", "why": why, "hooks": hooks}
    return {
        "asked": TOKEN,
        "flow": TOKEN,
        "method": None,
        "off": off,
        "points": [point],
        "shadowed": [],
        "never": [],
    }


def told(placed: Placed) -> Json:
    """A hook as anybody may see it: addresses without what could be a secret in them."""
    entry = placed.entry
    told: Json = {"hook": entry.hook, "at": placed.pointer or None}
    config: Any = getattr(entry, "config", None)
    if entry.hook == "web_hook":
        told |= {"calls": f"{config.method} {_address(config.url)}", "answer": _answer(config)}
    if getattr(config, "id", None):
        told["id"] = config.id
    return told


def _address(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _answer(config: Any) -> str:
    if config.response.ignore:
        return "ignored"
    if config.response.parse:
        return "read"
    return "may refuse" if config.can_interrupt else "has to be a success"
