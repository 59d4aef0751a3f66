import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.config.methods import PasswordConfig
from vestibule.local import template
from vestibule.methods.breached_passwords import OUT_OF_REACH
from vestibule.methods.password_policy import PolicyUnavailable, similar, violations
from vestibule.ports import WebResponse, WebTimeout, WebUnreachable
from vestibule.ui import messages

PASSWORD = "correct horse battery"
DIGEST = hashlib.sha1(PASSWORD.encode(), usedforsecurity=False).hexdigest().upper()
OTHERS = "0018A45C4D1DEF81644B54AB7F969B88D65:3\r\n00D4F6E8FA6EECAD2A3AA415EEC418D38EC:0\r\n"
OFF = PasswordConfig(haveibeenpwned_enabled=False)


class ScriptedWeb:
    """Gives the answers one after the other, the last one for ever; exceptions are raised."""

    def __init__(self, *answers):
        self.answers, self.requests = list(answers), []

    def request(self, method, url, **options):
        self.requests.append((method, url, options))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        status, body = answer
        return WebResponse(status, {}, body.encode())


class SteppedClock:
    at = datetime(2026, 3, 1, tzinfo=UTC)

    def now(self):
        return self.at


def services(*answers):
    seconds = timedelta(seconds=2)
    config = SimpleNamespace(vestibule=SimpleNamespace(breached_passwords=SimpleNamespace(timeout=seconds)))
    return SimpleNamespace(web=ScriptedWeb(*answers), clock=SteppedClock(), config=config)


def listed(count):
    return 200, f"{OTHERS}{DIGEST[5:]}:{count}\r\n"


def ids(problems):
    assert all(problem.pointer == "#/password" for problem in problems)
    return [problem.message.id for problem in problems]


def test_a_good_password_has_no_problem():
    assert violations(PASSWORD, ["ann@example.org"], OFF, services()) == ()


@pytest.mark.attack("set-10")
def test_length_counts_bytes():
    (problem,) = violations("üüü", [], OFF, services())
    assert problem.message == messages.PASSWORD_MIN_LENGTH(min_length=8, actual_length=6)
    assert violations("üüüü", [], OFF, services()) == ()
    assert ids(violations("elevenchars", [], PasswordConfig(min_password_length=12), services())) == [4000032]


def test_a_password_of_five_kilobytes_is_too_long():
    assert violations("ab" * 2048, [], OFF, services()) == ()
    (problem,) = violations("x" * 5000, [], OFF, services())
    assert problem.message == messages.PASSWORD_MAX_LENGTH(max_length=4096, actual_length=5000)


def test_a_lone_surrogate_breaks_nothing():
    assert ids(violations("\ud800", ["\ud800"], OFF, services())) == [4000032]


@pytest.mark.parametrize(
    ("password", "identifier"),
    [
        ("annabelle@example.org", "annabelle@example.org"),
        ("annabella@example.org", "annabelle@example.org"),
        ("ANNABELLE@EXAMPLE.ORG", "annabelle@example.org"),
        ("annabelle", "annabelle@example.org"),
        ("annabelle1234567", "annabelle@example.org"),
        ("xxnabelle", "Annabelle@example.org"),
        ("+4915112345678", "+4915112345699"),
    ],
)
def test_a_password_like_an_identifier_is_refused(password, identifier):
    assert ids(violations(password, ["someone@else.example", identifier], OFF, services())) == [4000031]


@pytest.mark.parametrize(
    ("password", "identifier"),
    [
        ("annabelle123456789", "annabelle@example.org"),  # exactly half of it
        ("blue-Kettle-42-orbit", "annabelle@example.org"),
        ("password", ""),
        ("x" * 257, "x" * 257),
        ("x" * 256, "x" * 257),
    ],
)
def test_a_password_that_differs_enough_is_taken(password, identifier):
    assert not similar(password, identifier)


@pytest.mark.parametrize(("other", "close"), [("kittens1234", True), ("kitten5678", True), ("mittens-5678", False)])
def test_four_edits_are_too_few_and_five_are_enough(other, close):
    assert similar("kitten1234", other) is close


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_two_texts_can_be_compared(password, identifier):
    assert similar(password + "12345678", password + "12345678")
    assert similar(password or "x", identifier or "y") in {True, False}


def test_similarity_can_be_switched_off():
    settings = PasswordConfig(haveibeenpwned_enabled=False, identifier_similarity_check_enabled=False)
    assert violations("annabelle@example.org", ["annabelle@example.org"], settings, services()) == ()


@pytest.mark.attack("set-10")
def test_a_breached_password_is_refused():
    (problem,) = violations(PASSWORD, [], PasswordConfig(), services(listed(7)))
    assert problem.message == messages.PASSWORD_TOO_MANY_BREACHES(breaches=7)


@pytest.mark.attack("set-11")
def test_only_five_digits_of_the_digest_leave_us():
    svc = services(listed(0))
    violations(PASSWORD, [], PasswordConfig(haveibeenpwned_host="mirror.example"), svc)
    ((method, url, options),) = svc.web.requests
    assert (method, url) == ("GET", f"https://mirror.example/range/{DIGEST[:5]}")
    assert options["headers"] == {"Add-Padding": "true"}
    assert options["timeout"] == 1
    assert DIGEST[5:] not in repr(options)


def test_max_breaches_are_taken_and_one_more_is_not():
    settings = PasswordConfig(max_breaches=7)
    assert violations(PASSWORD, [], settings, services(listed(7))) == ()
    assert ids(violations(PASSWORD, [], settings, services(listed(8)))) == [4000034]


def test_padding_and_other_suffixes_are_no_breach():
    assert violations(PASSWORD, [], PasswordConfig(), services((200, OTHERS))) == ()
    assert violations(PASSWORD, [], PasswordConfig(), services((200, ""))) == ()


def test_suffixes_in_lower_case_count_too():
    svc = services((200, f"{DIGEST[5:].lower()}:3"))
    assert ids(violations(PASSWORD, [], PasswordConfig(), svc)) == [4000034]


def test_nothing_is_asked_about_a_password_that_another_rule_refuses():
    svc = services(listed(1))
    assert ids(violations("short", [], PasswordConfig(), svc)) == [4000032]
    assert ids(violations("annabelle", ["annabelle"], PasswordConfig(), svc)) == [4000031]
    assert svc.web.requests == []


def test_an_answer_is_kept_for_an_hour():
    svc = services(listed(7))
    for _ in range(3):
        violations(PASSWORD, [], PasswordConfig(), svc)
    assert len(svc.web.requests) == 1
    svc.clock.at += timedelta(hours=1)
    violations(PASSWORD, [], PasswordConfig(), svc)
    assert len(svc.web.requests) == 2


def test_only_the_latest_answers_are_kept():
    svc = services((200, OTHERS))
    for number in range(200):
        violations(f"{number} horses", [], PasswordConfig(), svc)
    asked = len(svc.web.requests)
    violations("199 horses", [], PasswordConfig(), svc)
    assert len(svc.web.requests) == asked
    violations("0 horses", [], PasswordConfig(), svc)
    assert len(svc.web.requests) == asked + 1


FAILURES = [
    WebUnreachable("no"),
    WebTimeout("no"),
    (500, ""),
    (429, ""),
    (404, ""),
    (200, "<html>hello</html>"),
    (200, "nonsense:1"),
    (200, f"{DIGEST[5:]}:many"),
]


@pytest.mark.attack("set-11")
@pytest.mark.parametrize("failure", FAILURES, ids=str)
def test_a_list_that_does_not_answer_lets_passwords_pass_unless_told_otherwise(failure):
    assert violations(PASSWORD, [], PasswordConfig(), services(failure)) == ()
    with pytest.raises(PolicyUnavailable):
        violations(PASSWORD, [], PasswordConfig(ignore_network_errors=False), services(failure))


@pytest.mark.parametrize("failure", [WebUnreachable("no"), WebTimeout("no"), (503, ""), (429, "")], ids=str)
def test_a_passing_failure_is_asked_again_twice(failure):
    svc = services(failure, failure, listed(1))
    assert ids(violations(PASSWORD, [], PasswordConfig(), svc)) == [4000034]
    svc = services(failure)
    violations(PASSWORD, [], PasswordConfig(), svc)
    assert len(svc.web.requests) == 3


@pytest.mark.attack("set-11")
def test_a_list_out_of_reach_is_counted_and_left_alone_for_half_a_minute(caplog):
    svc = services(WebTimeout("no"), WebTimeout("no"), WebTimeout("no"), listed(1))
    for seconds, asked in ((0, 3), (29, 3), (2, 4)):
        svc.clock.at += timedelta(seconds=seconds)
        found = violations(PASSWORD, [], PasswordConfig(), svc)
        assert len(svc.web.requests) == asked
    assert ids(found) == [4000034]
    assert [record.message for record in caplog.records] == [OUT_OF_REACH]
    logs = template.read(Path(__file__).parents[2] / "infra" / "logs.yaml")["Resources"]
    assert f'"{OUT_OF_REACH}"' in logs["BreachedPasswordsOutOfReach"]["Properties"]["FilterPattern"]


def test_a_list_that_must_be_asked_is_asked_each_time():
    svc = services(WebTimeout("no"))
    for asked in (3, 6):
        with pytest.raises(PolicyUnavailable):
            violations(PASSWORD, [], PasswordConfig(ignore_network_errors=False), svc)
        assert len(svc.web.requests) == asked


def test_failures_are_not_kept():
    svc = services((404, ""), listed(1))
    assert violations(PASSWORD, [], PasswordConfig(), svc) == ()
    assert ids(violations(PASSWORD, [], PasswordConfig(), svc)) == [4000034]


@pytest.mark.attack("set-11")
def test_all_attempts_together_keep_the_time_limit():
    svc = services(WebTimeout("no"))
    asked = svc.web.request

    def slowly(*args, **options):
        svc.clock.at += timedelta(seconds=min(options["timeout"], 1) + 0.3)
        return asked(*args, **options)

    svc.web.request = slowly
    violations(PASSWORD, [], PasswordConfig(), svc)
    assert [options["timeout"] for *_, options in svc.web.requests] == [1, 0.7]
