"""Templates that do their work, and those that would do more than that."""

import gc
import os
import time

import pytest

from vestibule.adapters.jsonnet import Jsonnet, JsonnetExhausted, JsonnetRefused


@pytest.fixture(scope="module")
def jsonnet():
    made = Jsonnet()
    yield made
    made.close()


def test_arguments_and_external_values_reach_the_template(jsonnet):
    value = {"text": "ü\u2028\"'", "list": [1, 2.5, None, True]}
    assert jsonnet.evaluate("function(ctx, more='x') {a: ctx, b: more}", tla={"ctx": value}) == {"a": value, "b": "x"}
    assert jsonnet.evaluate("std.extVar('claims')", ext={"claims": value}) == value
    assert jsonnet.evaluate("{a: 1 + 1}", tla={"ctx": {}}) == {"a": 2}


def test_values_are_never_code(jsonnet):
    assert jsonnet.evaluate("function(ctx) ctx", tla={"ctx": "' + importstr '/etc/passwd' + '"}).startswith("' +")


@pytest.mark.parametrize("source", ["{a:", "error 'no'", "function(ctx) ctx.nothing", "std.native('x')()", "", "[1,"])
def test_wrong_templates_are_refused(jsonnet, source):
    with pytest.raises(JsonnetRefused):
        jsonnet.evaluate(source, tla={"ctx": {}})


@pytest.mark.parametrize("keyword", ["import", "importstr", "importbin"])
def test_nothing_is_imported(jsonnet, keyword):
    with pytest.raises(JsonnetRefused, match="imports are off"):
        jsonnet.evaluate(f"{keyword} '/etc/hostname'")


def test_the_environment_stays_here(jsonnet, monkeypatch):
    monkeypatch.setenv("A_SECRET", "s3cret")
    jsonnet.evaluate("1")
    with open(f"/proc/{jsonnet._child.pid}/environ", "rb") as file:  # noqa: PTH123 (no path of ours)
        assert b"s3cret" not in file.read()


def test_endless_recursion_is_refused(jsonnet):
    with pytest.raises(JsonnetRefused, match="stack"):
        jsonnet.evaluate("local f(x) = f(x + 1); f(0)")


def test_a_template_without_end_is_ended_and_the_next_one_works():
    jsonnet = Jsonnet(seconds=0.3)
    jsonnet.evaluate("1")
    first = jsonnet._child.pid
    with pytest.raises(JsonnetExhausted, match="time"):
        jsonnet.evaluate("local f(x) = f(x + 1) tailstrict; f(0)")
    assert jsonnet._child is None
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)
    assert jsonnet.evaluate("1 + 1") == 2
    jsonnet.close()


@pytest.mark.parametrize(
    "source",
    ["std.foldl(function(a, b) a + a, std.range(1, 40), 'x')", "std.length(std.makeArray(1e8, function(i) i * 2))"],
)
def test_a_template_that_eats_memory_is_ended(source):
    jsonnet = Jsonnet(seconds=60, memory=128 * 2**20)
    with pytest.raises(JsonnetExhausted, match="memory"):
        jsonnet.evaluate(source)
    assert jsonnet.evaluate("1 + 1") == 2
    jsonnet.close()


def test_a_result_that_is_too_long_is_refused():
    jsonnet = Jsonnet(output=1000, seconds=10)
    with pytest.raises(JsonnetRefused, match="longer than 1000"):
        jsonnet.evaluate("std.range(1, 1000)")
    jsonnet.close()


def test_a_process_that_died_is_replaced(jsonnet):
    jsonnet.evaluate("1")
    jsonnet._child.kill()
    jsonnet._child.wait()
    assert jsonnet.evaluate("2") == 2


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("function(ctx) ctx.nothing", "template:1:15"),
        ("function(ctx) {\n  a: 1,\n  b: ctx.no,\n}", "template:3:6"),
        ("{a:", "template:1:4"),
    ],
)
def test_an_error_names_its_place_in_the_template(jsonnet, source, place):
    with pytest.raises(JsonnetRefused, match=place):
        jsonnet.evaluate(source, tla={"ctx": {}})


@pytest.mark.parametrize("source", ["function() 1", "function(other) 1", "function(ctx, more) 1"])
def test_a_function_takes_what_it_is_given(jsonnet, source):
    with pytest.raises(JsonnetRefused):
        jsonnet.evaluate(source, tla={"ctx": {}})


def test_no_template_imports_itself_or_sees_arguments_that_it_does_not_take(jsonnet):
    for source in ("function(ctx) import 'template'", "function(ctx) std.extVar('ctx')"):
        with pytest.raises(JsonnetRefused):
            jsonnet.evaluate(source, tla={"ctx": {}})


def test_a_template_is_compiled_once(jsonnet):
    fields = ",".join(f"a{number}: std.length('{number}' + ctx)" for number in range(600))
    source = f"function(ctx) if ctx == 'x' then 'short' else {{{fields}}}"

    def seconds():
        started = time.perf_counter()
        assert jsonnet.evaluate(source, tla={"ctx": "x"}) == "short"
        return time.perf_counter() - started

    first = seconds()
    assert min(seconds() for _ in range(10)) < first / 5


def test_a_compiled_template_knows_nothing_of_the_calls_before(jsonnet):
    source = "function(ctx, secrets={}) {who: ctx.who, key: std.get(secrets, 'key', 'none')}"
    told = [
        jsonnet.evaluate(source, tla={"ctx": {"who": who}, **({"secrets": {"key": who}} if who == "ann" else {})})
        for who in ("ann", "bob", "ann", "cid")
    ]
    assert told == [
        {"who": "ann", "key": "ann"},
        {"who": "bob", "key": "none"},
        {"who": "ann", "key": "ann"},
        {"who": "cid", "key": "none"},
    ]


def test_of_very_many_templates_the_oldest_are_compiled_again(jsonnet):
    for _ in range(2):
        for number in range(70):
            assert jsonnet.evaluate(f"function(ctx) {number} + ctx", tla={"ctx": 1}) == number + 1


def test_a_template_that_failed_works_with_other_arguments(jsonnet):
    source = "function(ctx) if ctx == 'bad' then error 'cancel' else ctx"
    assert jsonnet.evaluate(source, tla={"ctx": "good"}) == "good"
    with pytest.raises(JsonnetRefused, match="cancel"):
        jsonnet.evaluate(source, tla={"ctx": "bad"})
    assert jsonnet.evaluate(source, tla={"ctx": "good"}) == "good"


def test_a_process_ends_with_who_started_it():
    jsonnet = Jsonnet()
    assert jsonnet.evaluate("1") == 1
    child = jsonnet._child
    del jsonnet
    gc.collect()
    assert child.poll() is not None
