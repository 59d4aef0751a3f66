"""The form of a recovery flow. Unlike other forms its nodes stand as its method says: nothing is sorted."""

from __future__ import annotations

from vestibule.domain.flow import Flow
from vestibule.methods.method import Form
from vestibule.methods.recovery import SENT, USE, RecoveryMethod
from vestibule.methods.registry import recovery_methods
from vestibule.services import Services
from vestibule.ui.nodes import Node, csrf_node


def nodes(flow: Flow, token: str, svc: Services) -> tuple[Node, ...]:
    """`token` is the CSRF token of this answer, empty for apps. What an administrator made asks for none."""
    shown = flow.internal.get(SENT) or flow.internal.get(USE)
    method = next((each for each in recovery_methods() if each.id == shown), None)
    drawn = method.nodes(flow, svc) if method is not None else ()
    return tuple(drawn) if flow.unguarded else (csrf_node(token), *drawn)


def responsible(flow: Flow, form: Form) -> RecoveryMethod | None:
    """Whom the form is for, enabled or not."""
    return next((each for each in recovery_methods() if each.responsible(flow, form)), None)
