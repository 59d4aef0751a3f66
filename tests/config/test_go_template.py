import html

import pytest

from vestibule.config.go_template import TemplateRefused, parse

FIELDS = ("To", "Identity", "RecoveryCode")
DATA = {"To": "ann@example.org", "Identity": {"traits": {"name": "<Ann> & Co", "admin": False}}, "RecoveryCode": None}


@pytest.mark.parametrize(
    ("source", "filled"),
    [
        ("Hello {{ .To }}!", "Hello ann@example.org!"),
        ("Hello {{.To}}!", "Hello ann@example.org!"),
        ("{{ .Identity.traits.name }}", "<Ann> & Co"),
        ("{{ .Identity.traits.nothing.here }}|{{ .RecoveryCode }}", "|"),
        ("{{ .Identity.traits.admin }}", "false"),
        ("{{ if .RecoveryCode }}a{{ else }}b{{ end }}", "b"),
        ("{{ if .RecoveryCode }}a{{ else if .To }}b{{ else }}c{{ end }}", "b"),
        ("{{ if .To }}{{ if .RecoveryCode }}a{{ end }}b{{ end }}c", "bc"),
        ("a {{- .To -}} b", "aann@example.orgb"),
        ("a\n{{- if .To }}\nb\n{{- end }}\n", "a\nb\n"),
        ("a{{/* a comment */}}b", "ab"),
        ("{ .To } }}", "{ .To } }}"),
        ("", ""),
    ],
)
def test_fields_and_conditions_are_filled_as_go_does(source, filled):
    assert parse(source, FIELDS).fill(DATA) == filled


def test_values_are_escaped_and_the_template_is_not():
    filled = parse("<b>{{ .Identity.traits.name }}</b>", FIELDS).fill(DATA, html.escape)
    assert filled == "<b>&lt;Ann&gt; &amp; Co</b>"


def test_a_value_is_never_a_template():
    assert (
        parse("{{ .To }}", FIELDS).fill({"To": "{{ .RecoveryCode }}", "RecoveryCode": "123456"})
        == "{{ .RecoveryCode }}"
    )


@pytest.mark.parametrize(
    ("source", "line", "said"),
    [
        ("a\n{{ .Nope }}", 2, ".To"),
        ("{{ .To | upper }}", 1, "neither"),
        ("\n\n{{ range .To }}{{ end }}", 3, "neither"),
        ("{{ $x := .To }}", 1, "neither"),
        ('{{ env "HOME" }}', 1, "neither"),
        ('{{ template "x" . }}', 1, "neither"),
        ("{{ . }}", 1, "neither"),
        ("{{ if }}a{{ end }}", 1, "needs a field"),
        ("{{ if eq .To .To }}a{{ end }}", 1, "neither"),
        ("a\n{{ if .To }}b", 2, "has no {{ end }}"),
        ("a\n{{ end }}", 2, "without an if"),
        ("{{ if .To }}\n{{ else }}\n{{ else }}\n{{ end }}", 3, "behind {{ else }}"),
        ("{{ if .To }}a{{ else }}b{{ else if .To }}c{{ end }}", 1, "behind {{ else }}"),
        ("a\n{{ .To", 2, "not closed"),
        ("{{ }}", 1, "neither"),
    ],
)
def test_everything_else_is_refused_with_its_line(source, line, said):
    with pytest.raises(TemplateRefused, match="line") as refused:
        parse(source, FIELDS)
    assert refused.value.line == line
    assert said in str(refused.value)
