"""How the nodes of a flow are arranged: forms and blocks on the small card, one card a group in settings.

Sign-in, sign-up and their like have one primary method; the others follow below a divider. Methods that share visible
fields (the name you sign in with, your details) share one form with them, since what is typed once must reach each of
them; all others get a form of their own, so that Enter always presses the button below the field.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from msgspec import Struct
from msgspec.structs import replace

from vestibule.pages.nodes import notices, widget
from vestibule.pages.widgets import Box, Button, Field, Hidden, Notice, Role, Script, Widget
from vestibule.pages.wording import Wording

Wire = Mapping[str, Any]

_LIKELIEST = (
    "identifier_first",
    "profile",
    "password",
    "totp",
    "webauthn",
    "code",
    "link",
    "passkey",
    "lookup_secret",
    "deviceauthn",
    "oidc",
    "saml",
)
"""Of two methods the one that stands here first is primary, unless the person has just tried the other."""

_SETTLED = ("default", "profile", "password", "oidc", "saml", "lookup_secret", "webauthn", "passkey", "totp")
"""Where each card of the settings stands: new backup codes come last among the nodes, and their card is to stay put."""

_ELSEWHERE = frozenset({"oidc", "saml"})
"""Methods that need nothing typed here, so nothing of the form is sent along (unless they are all there is)."""

_EVERYONE = frozenset({"default", "captcha"})
_APART = frozenset({Role.RESEND, Role.BACK})


class Block(Struct, frozen=True):
    """What belongs together: fields and whatever else is shown, then its buttons. `group` is the method."""

    group: str
    shown: tuple[Widget, ...]
    buttons: tuple[Button, ...]
    primary: bool

    @property
    def main(self) -> Button | None:
        """The one button that stands out."""
        actions = [each for each in self.buttons if each.role is Role.ACTION]
        lone = list(self.buttons) if len(self.buttons) == 1 and self.buttons[0].role is Role.CHOICE else []
        return next(iter(actions or lone), None) if self.primary else None


class Form(Struct, frozen=True):
    hidden: tuple[Hidden, ...]
    blocks: tuple[Block, ...]

    @property
    def sends(self) -> bool:
        """Whether there is anything to send; a lone link needs no form."""
        return any(block.buttons or _fields(block.shown) for block in self.blocks)


class Section(Struct, frozen=True):
    """A group on a page with several: settings. `forms` share nothing but the hidden nodes."""

    group: str
    forms: tuple[Form, ...]

    @property
    def removes(self) -> bool:
        """Whether there is something to take away: the method is set up."""
        return any(
            button.role is Role.DANGER for form in self.forms for block in form.blocks for button in block.buttons
        )


class Arrangement(Struct, frozen=True):
    """`forms` stand in the card, `quiet` are the small ones at its foot: send again, back."""

    notices: tuple[Notice, ...]
    forms: tuple[Form, ...]
    quiet: tuple[Form, ...]
    sections: tuple[Section, ...]
    scripts: tuple[Script, ...]

    @property
    def errors(self) -> tuple[Notice, ...]:
        """Everything that is wrong, the form's own first, then field by field."""
        blocks = [block for form in self._all() for block in form.blocks]
        at_fields = [notice for block in blocks for each in block.shown for notice in _notices_of(each)]
        at_buttons = [notice for block in blocks for button in block.buttons for notice in button.notices]
        found = [*self.notices, *at_fields, *at_buttons]
        return tuple(dict.fromkeys(notice for notice in found if notice.kind == "error"))

    def carries(self, start: str) -> bool:
        """Whether a hidden field of such a name is carried along: a later step of the flow."""
        return any(each.name.startswith(start) for form in self._all() for each in form.hidden)

    def hidden_value(self, name: str) -> str:
        found = (each.value for form in self._all() for each in form.hidden if each.name == name and each.value)
        return next(found, "")

    def _all(self) -> tuple[Form, ...]:
        return (*self.forms, *self.quiet, *(form for section in self.sections for form in section.forms))


_SENT_ALONG = "transient_payload."


def arrange(kind: str, flow: Wire, words: Wording) -> Arrangement:
    """`flow` is the wire document of the flow."""
    ui = cast(Wire, flow.get("ui") or {})
    nodes, carried = _without_carriers(kind, [cast(Wire, each) for each in ui.get("nodes") or ()], words)
    groups: dict[str, list[Widget]] = {}
    for node in nodes:
        drawn = widget(node, words)
        if drawn is not None:
            groups.setdefault(str(node.get("group") or "default"), []).append(drawn)
    unseen = _at_hidden(nodes, words)
    scripts = tuple(each for group in groups.values() for each in group if isinstance(each, Script))
    said = (*notices(ui.get("messages"), words), *carried, *unseen)
    if kind == "settings":
        return Arrangement(said, (), (), _sections(groups), scripts)
    forms, quiet = _forms(groups, str(flow.get("active") or ""))
    return Arrangement(said, forms, quiet, (), scripts)


def _without_carriers(kind: str, nodes: list[Wire], words: Wording) -> tuple[list[Wire], tuple[Notice, ...]]:
    """The nodes that are meant to be drawn, and the sentences of those that only carry one.

    A message for a field that the form lacks comes as an input without a label (contract 04 §2): it goes to the field
    of the same name where there is one, and over the form otherwise. What is sent along to web hooks is such a field
    once a hook has asked for it.
    """
    carriers = [node for node in nodes if _carries_only(kind, node)]
    drawn = [node for node in nodes if node not in carriers]
    over: list[Notice] = []
    for carrier in carriers:
        name = cast(Wire, carrier["attributes"]).get("name")
        at = next(
            (i for i, node in enumerate(drawn) if cast(Wire, node.get("attributes") or {}).get("name") == name), None
        )
        if at is None:
            over.extend(notices(carrier.get("messages"), words))
        else:
            both = [*(drawn[at].get("messages") or ()), *(carrier.get("messages") or ())]
            drawn[at] = {**drawn[at], "messages": both}
    return drawn, tuple(over)


def _carries_only(kind: str, node: Wire) -> bool:
    attributes = cast(Wire, node.get("attributes") or {})
    meta = cast(Wire, node.get("meta") or {})
    plain = node.get("type") == "input" and node.get("group") == "default" and attributes.get("type") == "text"
    bare = not meta.get("label") and not attributes.get("required") and attributes.get("value") is None
    name = str(attributes.get("name"))
    a_detail = name.startswith("traits.") and kind in ("registration", "settings")
    asked_for = name.startswith(_SENT_ALONG) and kind != "settings"  # there, nobody knows which of the forms sends it
    return plain and bare and not (a_detail or asked_for)


def _at_hidden(nodes: Iterable[Wire], words: Wording) -> tuple[Notice, ...]:
    """What is wrong with fields that cannot be seen is said over the form."""
    unseen = [node for node in nodes if cast(Wire, node.get("attributes") or {}).get("type") == "hidden"]
    return tuple(notice for node in unseen for notice in notices(node.get("messages"), words))


def _forms(groups: Mapping[str, Sequence[Widget]], active: str) -> tuple[tuple[Form, ...], tuple[Form, ...]]:
    everyone = [each for name, group in groups.items() if name in _EVERYONE for each in group]
    shared_hidden = _hidden(everyone)
    shared = [each for each in _shown(everyone) if not isinstance(each, Button)]
    offered = {name: _block(name, group) for name, group in groups.items() if name not in _EVERYONE}
    methods = _by_likelihood([name for name, block in offered.items() if block.shown or block.buttons], active)
    blocks = {name: replace(offered[name], primary=name == methods[0]) for name in methods}
    stray = tuple(each for each in everyone if isinstance(each, Button))  # buttons of no method: none known today
    forms: list[Form] = []
    here = [name for name in methods if name not in _ELSEWHERE]
    together = (here or methods) if shared else []
    if shared or stray:
        hidden = [each for name in together for each in _hidden(groups[name])]
        parts = [Block("default", tuple(shared), stray, primary=True), *(blocks[name] for name in together)]
        forms.append(Form(_once([*shared_hidden, *hidden]), tuple(_joined(parts))))
    alone = [name for name in methods if name not in together]
    forms += [Form(_once([*shared_hidden, *_hidden(groups[name])]), (blocks[name],)) for name in alone]
    quiet = [
        Form(_once([*shared_hidden, *_hidden(group)]), (Block(name, (), (button,), primary=False),))
        for name, group in groups.items()
        for button in group
        if isinstance(button, Button) and button.role in _APART
    ]
    return tuple(forms), tuple(quiet)


def _joined(parts: list[Block]) -> list[Block]:
    """The shared fields and the primary method are one block: its button comes right below them."""
    first, *rest = parts
    if rest and rest[0].primary:
        primary = rest.pop(0)
        first = replace(primary, shown=(*first.shown, *primary.shown), buttons=(*first.buttons, *primary.buttons))
    return [first, *rest]


def _sections(groups: Mapping[str, Sequence[Widget]]) -> tuple[Section, ...]:
    shared = _hidden(groups.get("default", ()))
    sections: list[Section] = []
    for name, group in sorted(groups.items(), key=lambda each: _place(each[0])):
        visible = _shown(group)
        if not visible:
            continue
        hidden = _once([*shared, *_hidden(group)])
        shown = tuple(each for each in visible if not isinstance(each, Button))
        buttons = [each for each in visible if isinstance(each, Button)]
        # What takes something away gets its own form: Enter in a field must never press it. Keys and accounts are a
        # list above what adds to it; what turns the whole method off stands below.
        taking = [
            (each, Form(hidden, (Block(name, (), (each,), primary=False),)))
            for each in buttons
            if each.role is Role.DANGER
        ]
        forms = [form for each, form in taking if each.about]
        others = tuple(each for each in buttons if each.role is not Role.DANGER)
        if shown or others:
            forms.append(Form(hidden, (Block(name, shown, others, primary=bool(shown)),)))
        forms += [form for each, form in taking if not each.about]
        sections.append(Section(name, tuple(forms)))
    return tuple(sections)


def _place(group: str) -> int:
    return _SETTLED.index(group) if group in _SETTLED else len(_SETTLED)


def _block(name: str, group: Sequence[Widget]) -> Block:
    shown = tuple(each for each in _shown(group) if not isinstance(each, Button))
    buttons = tuple(each for each in group if isinstance(each, Button) and each.role not in _APART)
    return Block(name, shown, buttons, primary=False)


def _by_likelihood(names: list[str], active: str) -> list[str]:
    def rank(name: str) -> tuple[bool, int]:
        tried_last = name == active and name not in _ELSEWHERE
        return not tried_last, _LIKELIEST.index(name) if name in _LIKELIEST else len(_LIKELIEST)

    return sorted(names, key=rank)


def _hidden(group: Iterable[Widget]) -> tuple[Hidden, ...]:
    return tuple(each for each in group if isinstance(each, Hidden))


def _shown(group: Iterable[Widget]) -> tuple[Widget, ...]:
    return tuple(each for each in group if not isinstance(each, (Hidden, Script)))


def _once(hidden: Iterable[Hidden]) -> tuple[Hidden, ...]:
    return tuple({each.name: each for each in hidden}.values())


def _fields(shown: Iterable[Widget]) -> bool:
    return any(isinstance(each, (Field, Box)) for each in shown)


def _notices_of(each: Widget) -> tuple[Notice, ...]:
    return each.notices if isinstance(each, Field) else ()
