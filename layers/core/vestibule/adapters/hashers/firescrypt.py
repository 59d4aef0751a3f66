"""`$firescrypt$ln=,r=,p=$salt$hash$salt_sep$signer_key`, base64 with padding: Firebase's variant of scrypt.

Firebase derives an AES-256 key from the password by scrypt and stores the project's signer key encrypted under it
(CTR, counter from zero). Here `ln` is the logarithm of N ("mem_cost").
"""

from __future__ import annotations

import hmac

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from msgspec import Struct

from vestibule.adapters.hashers.fields import HashOutOfBounds, HashUnreadable, digest, numbers, padded, parts
from vestibule.adapters.hashers.scrypt import check_bounds, derive

_LAYOUT = "$firescrypt$ln=,r=,p=$salt$hash$salt_separator$signer_key"
_LOGARITHM = 17


class FirescryptHash(Struct, frozen=True):
    cost: int
    block: int
    parallelism: int
    salt: bytes
    hash: bytes
    signer_key: bytes

    def matches(self, password: bytes) -> bool:
        key = derive(password, self.salt, self.cost, self.block, self.parallelism, 32)
        encryptor = Cipher(AES(key), CTR(bytes(16))).encryptor()
        return hmac.compare_digest(encryptor.update(self.signer_key) + encryptor.finalize(), self.hash)


def parse(hashed: str) -> FirescryptHash:
    """Raises HashOutOfBounds, HashUnreadable."""
    parameters, *texts = parts(hashed, _LAYOUT)
    logarithm, block, parallelism = numbers(parameters, "ln,r,p", _LAYOUT)
    if logarithm > _LOGARITHM:
        raise HashOutOfBounds(f"ln is 1 to {_LOGARITHM}")
    check_bounds(2**logarithm, block, parallelism)
    salt, key, separator, signer_key = (padded(text, _LAYOUT) for text in texts)
    if len(digest(key, _LAYOUT)) != len(signer_key):
        raise HashUnreadable(_LAYOUT)
    return FirescryptHash(2**logarithm, block, parallelism, salt + separator, key, signer_key)
