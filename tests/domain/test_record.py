"""Records: what a secret-holding one shows of itself."""

from __future__ import annotations

import pytest

from vestibule.domain.record import Unprinted


class Holding(Unprinted, frozen=True):
    user: str
    password: str = "hunter2"


@pytest.mark.parametrize("shown", [repr, str, "{}".format])
def test_a_record_with_a_secret_shows_its_type_alone(shown):
    assert shown(Holding("ann")) == "Holding(...)"


def test_nor_does_one_that_holds_it():
    assert "hunter2" not in repr([{"inside": Holding("ann")}])


def test_it_is_a_value_all_the_same():
    assert Holding("ann") == Holding("ann") != Holding("bea")
    assert len({Holding("ann"), Holding("ann")}) == 1
