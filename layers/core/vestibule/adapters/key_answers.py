"""Port KeyAnswers on the package webauthn.

Importing that takes 160 ms, and it brings pyOpenSSL along, which botocore would import too wherever it finds it. So it
stands in a folder of its own, which is searched from the first answer on: who checks none pays nothing.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from vestibule.domain.key import NewKey, RelyingParty, UsedKey

if TYPE_CHECKING:
    from webauthn.helpers.cose import COSEAlgorithmIdentifier

T = TypeVar("T")

FOLDER = "VESTIBULE_WEBAUTHN"
"""The variable that names the folder of the package and what it needs; unset where that is installed as usual."""

_LONGEST = 32 * 1024
"""Characters of an answer. One with a chain of certificates has about 10 000."""

_RSA_BYTES = 256
"""Of the modulus: shorter RSA keys can be broken."""

_ALGORITHMS = (-7, -8, -36, -37, -38, -39, -257, -258, -259)
"""COSE's numbers for what the package checks; SHA-1 is not among them."""


class CheckedKeyAnswers:
    def made(self, answer: str, challenge: bytes, party: RelyingParty) -> NewKey | None:
        return _unless_wrong(answer, lambda: _made(answer, challenge, party))

    def used(self, answer: str, challenge: bytes, party: RelyingParty, public: bytes) -> UsedKey | None:
        return _unless_wrong(answer, lambda: _used(answer, challenge, party, public))


def _unless_wrong(answer: str, check: Callable[[], T]) -> T | None:
    if len(answer) > _LONGEST:
        return None
    _find_package()
    try:
        return check()
    except Exception:  # noqa: BLE001 (hostile bytes raise KeyError, TypeError, ValueError and more in the package)
        return None


def _find_package() -> None:
    folder = os.environ.get(FOLDER)
    if folder and folder not in sys.path:
        sys.path.append(folder)
    # Outside of `try`: a package that is missing is our fault, not that of the answer.
    import webauthn  # noqa: F401, PLC0415 (as the module says)  # pyright: ignore[reportUnusedImport] # only tried


def _made(answer: str, challenge: bytes, party: RelyingParty) -> NewKey | None:
    from webauthn import verify_registration_response  # noqa: PLC0415 (as the module says)
    from webauthn.helpers import (  # noqa: PLC0415 (as the module says)
        decode_credential_public_key,
        parse_attestation_object,
        parse_registration_credential_json,
    )
    from webauthn.helpers.structs import AttestationFormat  # noqa: PLC0415 (as the module says)

    credential = parse_registration_credential_json(answer)
    _ensure_top_level(credential.response.client_data_json)
    made = verify_registration_response(
        credential=credential,
        expected_challenge=challenge,
        expected_rp_id=party.id,
        expected_origin=list(party.origins),
        require_user_verification=party.must_verify,
        supported_pub_key_algs=_algorithms(),
    )
    data = parse_attestation_object(made.attestation_object).auth_data
    modulus = getattr(decode_credential_public_key(made.credential_public_key), "n", None)
    same = made.credential_id == credential.raw_id
    if data.attested_credential_data is None or not same or (modulus and len(modulus.lstrip(b"\0")) < _RSA_BYTES):
        return None
    return NewKey(
        id=made.credential_id,
        public=made.credential_public_key,
        aaguid=data.attested_credential_data.aaguid,
        counter=made.sign_count,
        attestation=AttestationFormat(made.fmt).value,
        verified=made.user_verified,
        backup_eligible=data.flags.be,
        backed_up=made.credential_backed_up,
        transports=tuple(str(each.value) for each in credential.response.transports or ()),
    )


def _used(answer: str, challenge: bytes, party: RelyingParty, public: bytes) -> UsedKey:
    from webauthn import verify_authentication_response  # noqa: PLC0415 (as the module says)
    from webauthn.helpers import parse_authentication_credential_json  # noqa: PLC0415 (as the module says)

    credential = parse_authentication_credential_json(answer)
    _ensure_top_level(credential.response.client_data_json)
    used = verify_authentication_response(
        credential=credential,
        expected_challenge=challenge,
        expected_rp_id=party.id,
        expected_origin=list(party.origins),
        credential_public_key=public,
        credential_current_sign_count=0,
        require_user_verification=party.must_verify,
    )
    return UsedKey(counter=used.new_sign_count, verified=used.user_verified, backed_up=used.credential_backed_up)


def _ensure_top_level(client_data: bytes) -> None:
    """Raises ValueError for an answer from within a frame of another site, which the package lets pass."""
    if json.loads(client_data).get("crossOrigin"):
        raise ValueError("the page stood in a frame of another site")


def _algorithms() -> list[COSEAlgorithmIdentifier]:
    from webauthn.helpers.cose import COSEAlgorithmIdentifier  # noqa: PLC0415 (as the module says)

    return [COSEAlgorithmIdentifier(number) for number in _ALGORITHMS]
