"""Standard Webhooks: ours against the package of the standard, and against its vectors."""

from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta, timezone

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from vestibule.crypto.text import from_base64url
from vestibule.crypto.webhook_signature import WebhookSigner, key_seed, secret_bytes

OLD, NEW = "an old cipher secret of 32 chars", "a new cipher secret of 32 chars!"
URL = "https://target.example.org/hook?a=b"

# The vectors of the specification's reference implementations.
VECTOR_ID, VECTOR_TIME, VECTOR_BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
VECTOR_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
VECTOR_KEY = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
VECTOR_PUBLIC = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="
VECTOR_V1 = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
VECTOR_V1A = "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="


def now():
    return datetime.now(UTC)


def verified(signer, body, headers):
    """Whether each public key of the signer finds its own `v1a`, as the specification says it is checked."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    given = [text[4:] for text in headers["webhook-signature"].split(" ") if text.startswith("v1a,")]
    found = []
    for text in signer.public_keys():
        key = Ed25519PublicKey.from_public_bytes(b64decode(text.removeprefix("whpk_")))
        found.append(any(_holds(key, b64decode(signature), signed) for signature in given))
    return found


def _holds(key, signature, signed):
    try:
        key.verify(signature, signed)
    except InvalidSignature:
        return False
    return True


def test_the_vectors_of_the_specification():
    signer = WebhookSigner([NEW], secrets=[VECTOR_SECRET], keys=[VECTOR_KEY])
    headers = signer.headers(VECTOR_ID, URL, VECTOR_BODY, datetime.fromtimestamp(VECTOR_TIME, UTC))
    assert headers == {
        "webhook-id": VECTOR_ID,
        "webhook-timestamp": str(VECTOR_TIME),
        "webhook-signature": f"{VECTOR_V1} {VECTOR_V1A}",
    }
    assert signer.public_keys() == (VECTOR_PUBLIC,)
    assert verified(signer, VECTOR_BODY, headers) == [True]


@given(st.text(max_size=300))
def test_the_package_of_the_standard_verifies_what_we_sign(text):
    signer = WebhookSigner([NEW])
    body = text.encode("utf-8", "ignore")
    headers = signer.headers("msg_1", URL, body, now())
    (secret,) = signer.secrets(URL)
    Webhook(secret).verify(body, headers, json_parse=False)
    assert verified(signer, body, headers) == [True]


@pytest.mark.parametrize(
    "change",
    [{"webhook-id": "msg_2"}, {"webhook-timestamp": str(int(now().timestamp()) - 1)}],
    ids=["another id", "another time"],
)
def test_what_was_changed_on_the_way_is_not_verified(change):
    signer = WebhookSigner([NEW])
    headers = signer.headers("msg_1", URL, b"{}", now()) | change
    with pytest.raises(WebhookVerificationError):
        Webhook(signer.secrets(URL)[0]).verify(b"{}", headers)
    assert verified(signer, b"{}", headers) == [False]


def test_the_time_is_that_of_the_attempt_in_any_zone():
    at = datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=5)))
    assert WebhookSigner([NEW]).headers("msg_1", URL, b"", at)["webhook-timestamp"] == str(int(at.timestamp()))


@pytest.mark.parametrize("ours", [{}, {"secrets": [VECTOR_SECRET, "whsec_" + b64encode(b"x" * 24).decode()]}])
def test_after_a_rotation_former_receivers_still_verify(ours):
    signer = WebhookSigner([NEW, OLD], **ours)
    headers = signer.headers("msg_1", URL, b"{}", now())
    assert len(signer.secrets(URL)) == len(signer.public_keys()) == 2
    for secret in signer.secrets(URL):
        assert Webhook(secret).verify(b"{}", headers) == {}
    assert verified(signer, b"{}", headers) == [True, True]


def test_derived_secrets_are_stable_and_each_host_has_its_own():
    one, other = WebhookSigner([NEW]), WebhookSigner([NEW])
    assert one.secrets(URL) == other.secrets("https://TARGET.example.org:8443/elsewhere")
    assert one.secrets(URL) != one.secrets("https://other.example.org/")
    assert one.public_keys() == other.public_keys() != WebhookSigner([OLD]).public_keys()


def test_configured_texts_may_stand_elsewhere():
    signer = WebhookSigner([NEW], secrets=["secret://ssm/a"], resolve={"secret://ssm/a": VECTOR_SECRET}.__getitem__)
    assert signer.secrets(URL) == (VECTOR_SECRET,)


def test_public_keys_are_a_key_set_too():
    signer = WebhookSigner([NEW], keys=[VECTOR_KEY])
    (key,) = signer.jwks()["keys"]
    assert from_base64url(key.pop("x")) == b64decode(VECTOR_PUBLIC.removeprefix("whpk_"))
    assert key == {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA"}


@pytest.mark.parametrize(
    "text", ["", "whsec_", "whsec_!!!!", VECTOR_SECRET.removeprefix("whsec_"), "whsec_" + b64encode(b"x" * 23).decode()]
)
def test_what_is_no_secret_is_refused_without_quoting_it(text):
    with pytest.raises(ValueError, match="24 to 64 bytes"):
        secret_bytes(text)


@pytest.mark.parametrize("text", ["", VECTOR_SECRET, "whsk_" + b64encode(b"x" * 31).decode()])
def test_what_is_no_key_is_refused_without_quoting_it(text):
    with pytest.raises(ValueError, match="32 or 64 bytes"):
        key_seed(text)
