import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vestibule.adapters.hashers.fields import HashOutOfBounds, HashUnreadable, UnknownHashFormat
from vestibule.adapters.hashers.formats import identify, parse
from vestibule.adapters.hashers.hasher import HasherSettings, PasswordHasher
from vestibule.ports import Hasher, PasswordTooLong

FAST_ARGON2 = HasherSettings("argon2", argon2_memory=64, argon2_iterations=1, argon2_parallelism=1)
FAST_BCRYPT = HasherSettings("bcrypt", bcrypt_cost=4)
MD5_OF_TEST = "$md5$CY9rzUYh03PK3k6DJie09g=="


@pytest.fixture(params=[FAST_ARGON2, FAST_BCRYPT], ids=["argon2", "bcrypt"])
def hasher(request):
    return PasswordHasher(request.param)


class CountingHasher(PasswordHasher):
    """Counts the comparisons and what they were with."""

    def __init__(self, settings):
        super().__init__(settings)
        self.compared = []

    def _compare(self, password, hashed):
        self.compared.append(hashed)
        return super()._compare(password, hashed)


def test_it_is_a_hasher(hasher):
    port: Hasher = hasher
    assert port.verify("correct horse", port.hash("correct horse"))


def test_a_hash_belongs_to_its_password_and_differs_each_time(hasher):
    one, two = hasher.hash("correct horse"), hasher.hash("correct horse")
    assert one != two
    assert hasher.verify("correct horse", one)
    assert not hasher.verify("correct horsf", one)
    assert not hasher.verify("", one)


def test_new_hashes_have_the_configured_parameters():
    settings = HasherSettings(
        "argon2",
        argon2_memory=128,
        argon2_iterations=2,
        argon2_parallelism=3,
        argon2_salt_length=24,
        argon2_key_length=48,
    )
    hashed = PasswordHasher(settings).hash("x")
    assert hashed.startswith("$argon2id$v=19$m=128,t=2,p=3$")
    assert (len(parse(hashed).salt), len(parse(hashed).hash)) == (24, 48)
    assert PasswordHasher(FAST_BCRYPT).hash("x").startswith("$2a$04$")


@pytest.mark.parametrize(
    "settings", [HasherSettings("bcrypt", bcrypt_cost=16), HasherSettings("argon2", argon2_iterations=11)]
)
def test_parameters_beyond_the_bounds_are_refused_before_anything_is_hashed(settings):
    with pytest.raises(ValueError, match=f"hashers.{settings.algorithm}.*bounds"):
        PasswordHasher(settings).hash("x")
    with pytest.raises(ValueError, match="bounds"):
        PasswordHasher(settings).verify("x", MD5_OF_TEST)


def test_bcrypt_takes_72_bytes_and_refuses_73():
    hasher = PasswordHasher(FAST_BCRYPT)
    hashed = hasher.hash("ü" * 36)
    assert hasher.verify("ü" * 36, hashed)
    assert not hasher.verify("ü" * 36 + "x", hashed)
    with pytest.raises(PasswordTooLong) as caught:
        hasher.hash("ü" * 36 + "x")
    assert (caught.value.maximum, caught.value.actual) == (72, 73)


def test_argon2_takes_long_passwords_whole():
    hasher = PasswordHasher(FAST_ARGON2)
    hashed = hasher.hash("x" * 5000)
    assert hasher.verify("x" * 5000, hashed)
    assert not hasher.verify("x" * 4999 + "y", hashed)


@pytest.mark.parametrize("password", ["\0", "a\0b", "\ud800", "🐎" * 10, " "])
def test_odd_passwords_are_passwords(hasher, password):
    hashed = hasher.hash(password)
    assert hasher.verify(password, hashed)
    assert not hasher.verify(password + "x", hashed)


def test_a_password_does_not_end_at_a_nul(hasher):
    assert not hasher.verify("a", hasher.hash("a\0b"))


def test_a_hash_of_its_own_needs_no_rehash(hasher):
    assert not hasher.needs_rehash(hasher.hash("x"))
    assert not hasher.needs_rehash(hasher.decoy())


@pytest.mark.parametrize(
    "other",
    [
        FAST_BCRYPT,
        HasherSettings("argon2", argon2_memory=128, argon2_iterations=1, argon2_parallelism=1),
        HasherSettings("argon2", argon2_memory=64, argon2_iterations=2, argon2_parallelism=1),
        HasherSettings("argon2", argon2_memory=64, argon2_iterations=1, argon2_parallelism=2),
        HasherSettings("argon2", argon2_memory=64, argon2_iterations=1, argon2_parallelism=1, argon2_salt_length=24),
        HasherSettings("argon2", argon2_memory=64, argon2_iterations=1, argon2_parallelism=1, argon2_key_length=16),
    ],
)
def test_another_algorithm_or_other_parameters_need_a_rehash(other):
    assert PasswordHasher(FAST_ARGON2).needs_rehash(PasswordHasher(other).decoy())


def test_another_cost_needs_a_rehash_another_bcrypt_variant_does_not():
    hasher = PasswordHasher(FAST_BCRYPT)
    assert hasher.needs_rehash(hasher.decoy().replace("$04$", "$05$"))
    assert not hasher.needs_rehash(hasher.decoy().replace("$2a$", "$2y$"))


@pytest.mark.parametrize("hashed", ["", "garbage", MD5_OF_TEST, "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$" + "a" * 43])
def test_imported_and_unreadable_hashes_need_a_rehash(hasher, hashed):
    assert hasher.needs_rehash(hashed)


def test_the_decoy_is_made_once_and_has_the_configured_cost(hasher):
    decoy = hasher.decoy()
    assert decoy == hasher.decoy()
    assert decoy != type(hasher)(FAST_ARGON2).decoy()
    assert not hasher.needs_rehash(decoy)
    assert not hasher.verify("", decoy)


def test_making_a_decoy_costs_no_hash():
    hasher = PasswordHasher(HasherSettings("bcrypt", bcrypt_cost=15))
    started = time.process_time()
    assert identify(hasher.decoy()).name == "bcrypt"
    assert time.process_time() - started < 0.5


def test_a_wrong_password_pays_for_a_decoy_where_the_hash_itself_costs_nothing():
    hasher = CountingHasher(FAST_ARGON2)
    assert not hasher.verify("wrong", MD5_OF_TEST)
    assert hasher.compared == [MD5_OF_TEST, hasher.decoy()]


def test_a_right_password_pays_by_its_rehash_instead():
    hasher = CountingHasher(FAST_ARGON2)
    assert hasher.verify("test", MD5_OF_TEST)
    assert hasher.compared == [MD5_OF_TEST]


@pytest.mark.parametrize("hashed", ["", "garbage", "$md5$Z", "$argon2id$v=19$broken", "\ud800", "$2a$99$" + "a" * 53])
def test_an_unreadable_hash_is_false_and_costs_as_much_as_an_unknown_user(hashed):
    hasher = CountingHasher(FAST_ARGON2)
    assert not hasher.verify("anything", hashed)
    assert hasher.compared == [hashed, hasher.decoy()]


def test_a_slow_hash_is_compared_once():
    hasher = CountingHasher(FAST_ARGON2)
    hashed = PasswordHasher(FAST_BCRYPT).hash("x")
    assert not hasher.verify("y", hashed)
    assert hasher.compared == [hashed]


@settings(max_examples=50)
@given(st.text(max_size=100), st.text(max_size=100))
def test_verify_never_raises(password, hashed):
    assert not PasswordHasher(FAST_ARGON2).verify(password, hashed)


def test_import_checks_say_what_is_wrong(hasher):
    hasher.check_importable(MD5_OF_TEST)
    with pytest.raises(UnknownHashFormat):
        hasher.check_importable("plain text")
    with pytest.raises(HashOutOfBounds):
        hasher.check_importable("$2a$31$" + "a" * 53)
    with pytest.raises(HashUnreadable):
        hasher.check_importable("$argon2id$v=19$broken")


@pytest.mark.attack("dos-02")
def test_no_more_hashes_work_at_once_than_the_dedicated_memory_holds():
    hasher = PasswordHasher(HasherSettings("argon2", argon2_memory=64, argon2_dedicated_memory=128))
    working, most, lock = 0, 0, threading.Lock()

    class Watched:
        def make(self, password):
            nonlocal working, most
            with lock:
                working += 1
                most = max(most, working)
            barrier.wait()
            with lock:
                working -= 1
            return password.decode()

    barrier = threading.Barrier(2, timeout=5)
    hasher.__dict__["_maker"] = Watched()
    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(hasher.hash, "abcdef")) == list("abcdef")
    assert most == 2
