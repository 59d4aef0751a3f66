"""Sign up in two steps: first the profile, then the credentials. Contract 01 §5."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from vestibule.config.document import merged
from vestibule.config.json_shapes import is_object
from vestibule.domain.flow import Flow, FlowState
from vestibule.domain.message import Problem
from vestibule.methods import traits
from vestibule.methods.method import Attempt, Form, Pending, Rejected, Verdict
from vestibule.ports import Key
from vestibule.services import Services
from vestibule.ui import messages
from vestibule.ui.nodes import Node, submit_node

PROFILE = "profile"
_BACK = "previous"
FORWARD = "credential-selection"
_MOST_COUNTED = 99


class ProfileRegistration(Struct, frozen=True):
    id: str = PROFILE
    fields: tuple[str, ...] = ("screen",)

    def enabled(self, svc: Services) -> bool:
        return svc.config.selfservice.flows.registration.style == "profile_first"

    def responsible(self, form: Form) -> bool:
        return form.method in (PROFILE, f"{PROFILE}:back") or form.text("screen") in (_BACK, FORWARD)

    def nodes(self, flow: Flow, svc: Services) -> Sequence[Node]:
        if traits.asks_for_credentials(flow, svc):
            return (submit_node("screen", _BACK, PROFILE, messages.REGISTRATION_BACK()),)
        return (submit_node("method", PROFILE, PROFILE, messages.REGISTRATION()),)

    def keys(self, form: Form, svc: Services) -> Sequence[Key]:
        return ()

    def submit(self, attempt: Attempt, svc: Services) -> Verdict:
        form = attempt.form
        values = {"traits": form.traits}
        back = form.text("screen") == _BACK
        if form.method == f"{PROFILE}:back" or (back and (form.method or _is_behind(attempt.flow))):
            return Pending(_at_step(attempt.flow, form, None))
        if form.text("screen") not in ("", _BACK, FORWARD):
            return Rejected((Problem(messages.GENERIC(reason="There is no such step"), "#/screen"),), values)
        identity = traits.proposed(attempt, svc)
        if isinstance(identity, tuple):
            return Rejected(identity, values)
        if back:
            return Rejected((Problem(messages.REGISTRATION_NO_STRATEGY_FOUND()),), values)
        return Pending(_at_step(attempt.flow, form, traits.CREDENTIALS))


def _is_behind(flow: Flow) -> bool:
    return flow.internal.get(traits.STEP) == traits.CREDENTIALS


def _at_step(flow: Flow, form: Form, step: str | None) -> Flow:
    internal = {name: value for name, value in flow.internal.items() if name != traits.STEP}
    if step is not None and flow.state is not FlowState.CHOOSE_METHOD:
        # A choice once more: what another method had sent is void.
        flow = replace(flow, state=FlowState.CHOOSE_METHOD, active=None, codes=())
    if step is not None:
        internal[traits.STEP] = step
    elif _is_behind(flow):
        internal[traits.BACK] = min(internal.get(traits.BACK, 0) + 1, _MOST_COUNTED)
    told = (messages.REGISTRATION_CHOOSE_CREDENTIALS(),) if step else ()
    # A button that goes back may come without the fields: what was typed before stays.
    kept = merged(flow.values, {"traits": form.traits} if is_object(form.traits) else {})
    return replace(flow, internal=internal, messages=told, problems=(), values=kept)
