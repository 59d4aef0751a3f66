"""Take an authenticator app as second factor, and give it up again. Contract 03 §6."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from vestibule.domain.flow import Flow
from vestibule.domain.identity import Identity
from vestibule.domain.message import Problem
from vestibule.domain.session import Aal, AuthenticationMethod
from vestibule.methods import enrolment, factors
from vestibule.methods.method import Change, Form, Pending, Rejected, SettingsAttempt
from vestibule.methods.profile_settings import schema_of
from vestibule.methods.qr_code import png_data_uri
from vestibule.methods.totp import AT, CODE, TOTP, App, matching
from vestibule.services import Services
from vestibule.stores.derivation import with_credential, without_credential
from vestibule.ui import messages
from vestibule.ui.nodes import Node, img_node, input_node, submit_node, text_node

_UNLINK = "totp_unlink"
_SECRET_BYTES = 20
_SIZE = 256


class TotpSettings(Struct, frozen=True):
    id: str = TOTP
    fields: tuple[str, ...] = (CODE,)
    flags: tuple[str, ...] = (_UNLINK,)
    protected: bool = True

    def enabled(self, svc: Services) -> bool:
        return svc.config.selfservice.methods.totp.enabled

    def responsible(self, form: Form) -> bool:
        return form.method == TOTP or form.fields.get(_UNLINK) is True

    def nodes(self, flow: Flow, svc: Services) -> Sequence[Node]:
        if flow.identity is None:
            return ()
        if flow.identity.credential(TOTP) is not None:
            label = messages.SETTINGS_UPDATE_UNLINK_TOTP()
            return (input_node(_UNLINK, "submit", TOTP, value="true", required=True, label=label),)
        app = _app(flow, svc)
        image = png_data_uri(_url(app, flow.identity, svc))
        secret = messages.SETTINGS_TOTP_SECRET(secret=app.text)
        return (
            img_node("totp_qr", image, TOTP, width=_SIZE, height=_SIZE, label=messages.SETTINGS_TOTP_QR_CODE()),
            text_node("totp_secret_key", secret, TOTP, label=messages.SETTINGS_TOTP_SECRET_LABEL()),
            input_node(CODE, "text", TOTP, required=True, label=messages.LABEL_VERIFY_OTP()),
            submit_node("method", TOTP, TOTP, messages.LABEL_SAVE()),
        )

    def submit(self, attempt: SettingsAttempt, svc: Services) -> Change | Rejected | Pending:
        linked = attempt.identity.credential(TOTP) is not None
        if linked and attempt.form.fields.get(_UNLINK) is True:
            return _unlinked(attempt.identity, svc)
        code = attempt.form.text(CODE).strip()
        if not code:
            return Rejected((Problem(messages.REQUIRED(property=CODE), AT),))
        return _same(code, attempt.identity, svc) if linked else _linked(code, attempt, svc)


def _app(flow: Flow, svc: Services) -> App:
    """The secret on offer: 160 bits, another one in every flow and after every change."""
    return App(enrolment.derived_bytes(TOTP, enrolment.form_id(flow), _SECRET_BYTES, svc))


def _url(app: App, identity: Identity, svc: Services) -> str:
    issuer = svc.config.selfservice.methods.totp.config.issuer or urlsplit(svc.urls.public).hostname
    account = schema_of(identity, svc).totp_account_name(identity.traits) or identity.id
    return app.url(account, issuer)


def _linked(code: str, attempt: SettingsAttempt, svc: Services) -> Change | Rejected:
    identity, now = attempt.identity, svc.clock.now()
    url = _url(_app(attempt.flow, svc), identity, svc)
    match = matching(url, code, identity.id, now)
    if match is None or svc.table.get([match.key(svc)])[0] is not None:
        return _wrong()
    changed = with_credential(replace(identity, updated_at=now), TOTP, now=now, identifiers=(identity.id,))
    return Change(
        replace(changed, aal2_possible=True),
        {TOTP: {"totp_url": url}},
        AuthenticationMethod(TOTP, Aal.AAL2, now),
        (match.using(svc),),
    )


def _same(code: str, identity: Identity, svc: Services) -> Change | Rejected:
    """A form that is sent twice: what it asks for is done."""
    stored = svc.credentials.find(identity.id, TOTP)
    url = str(stored.config.get("totp_url", "")) if stored else ""
    return Change(identity) if matching(url, code, identity.id, svc.clock.now()) else _wrong()


def _unlinked(identity: Identity, svc: Services) -> Change:
    now = svc.clock.now()
    kept = svc.identities.configs(identity.id, [type_ for type_ in factors.SECOND if type_ != TOTP])
    changed = without_credential(replace(identity, updated_at=now), TOTP)
    return Change(factors.with_second_factors(changed, kept), {TOTP: None})


def _wrong() -> Rejected:
    return Rejected((Problem(messages.TOTP_VERIFIER_WRONG(), AT),))
