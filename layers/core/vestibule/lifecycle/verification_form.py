"""The form of a verification flow. Unlike other forms its nodes stand as its method says: nothing is sorted."""

from __future__ import annotations

from vestibule.domain.flow import Flow, FlowState
from vestibule.lifecycle import destinations
from vestibule.methods.registry import verification_methods
from vestibule.methods.verification import VerificationMethod
from vestibule.services import Services
from vestibule.ui import messages
from vestibule.ui.nodes import Node, a_node, csrf_node


def method(svc: Services) -> VerificationMethod | None:
    """The configured way to prove an address, if it is enabled: no other one takes part."""
    use = svc.config.selfservice.flows.verification.use
    return next((each for each in verification_methods() if each.id == use and each.enabled(svc)), None)


def nodes(flow: Flow, token: str, svc: Services) -> tuple[Node, ...]:
    """`token` is the CSRF token of this answer, empty for apps."""
    chosen = method(svc)
    if flow.state is FlowState.PASSED_CHALLENGE:
        label = messages.LABEL_CONTINUE()
        onward = a_node("continue", destinations.after(flow, "", svc), label, flow.active or "default", label=label)
        return (csrf_node(token), onward)
    drawn = chosen.nodes(flow, svc) if chosen is not None else ()
    return tuple(node.with_value(token) if node.name == "csrf_token" else node for node in drawn)


def target(flow: Flow, svc: Services) -> tuple[str, str]:
    """Where the form goes, and by which verb: once the address is proven, on to where the flow was started for."""
    if flow.state is FlowState.PASSED_CHALLENGE:
        return destinations.after(flow, "", svc), "GET"
    return svc.urls.action(flow.kind, flow.id), "POST"
