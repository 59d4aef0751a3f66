"""The one list of methods: every row can be made, and its name is one that the wire knows."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from vestibule.domain.flow import Kind
from vestibule.methods import registry
from vestibule.methods.method import FormPart
from vestibule.methods.recovery import RecoveryMethod
from vestibule.methods.verification import VerificationMethod

OF_THE_FORM = {"identifier_first", "profile"}
"""Parts of a form that the wire knows by name in some kinds of flow alone."""


@pytest.mark.parametrize(
    ("kind", "rows"),
    [
        (Kind.LOGIN, registry.methods(Kind.LOGIN)),
        (Kind.REGISTRATION, registry.methods(Kind.REGISTRATION)),
        (Kind.SETTINGS, registry.settings_methods()),
        (Kind.RECOVERY, registry.recovery_methods()),
        (Kind.VERIFICATION, registry.verification_methods()),
    ],
)
def test_every_name_of_the_wire_is_one_row(
    kind: Kind, rows: Sequence[FormPart | RecoveryMethod | VerificationMethod]
) -> None:
    names = [method.id for method in rows]
    assert len(names) == len(set(names))
    assert set(names) - OF_THE_FORM == registry.KNOWN[kind] - OF_THE_FORM
