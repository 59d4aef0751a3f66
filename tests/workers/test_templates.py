"""The words of messages: every type, both languages, whatever is in the data."""

import base64
import re
from html.parser import HTMLParser

import pytest
from tests.world import World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.cli.courier_preview import SAMPLE
from vestibule.domain.courier_fields import FIELDS, GO_NAMES
from vestibule.workers.templates.wording import LANGUAGES, wording

MAILS = [type_ for type_ in FIELDS["email"] if type_ != "stub"]
TEXTS = [type_ for type_ in FIELDS["sms"] if type_ != "stub"]
CODED = [type_ for type_ in MAILS if type_.endswith("_code_valid")]

HOSTILE = '"><script>alert(1)</script>\r\nBcc: eve@example.org\u202e{{ .Identity }}'


@pytest.fixture
def compose():
    def composed(type_, via="email", changes=None, **data):
        world = World.build(SqliteTable(None), changes)
        filled = {name: SAMPLE[name] for name in (GO_NAMES[field] for field in FIELDS[via][type_]) if name in SAMPLE}
        recipient = data.pop("recipient", "ann@example.org" if via == "email" else "+4915112345678")
        put = world.svc.messages.queueing(type_, via=via, recipient=recipient, data=filled | data)
        world.table.write(put)
        return world.svc.compose(world.svc.messages.find(put.item["g1sk"]))

    return composed


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.links, self.text = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data):
        self.text.append(data)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("type_", MAILS)
def test_every_mail_has_all_its_parts_in_both_languages(compose, type_, language):
    letter = compose(type_, language=language)
    parts = wording(language).email[type_]
    title = parts["title"].format(name="Vestibule")
    assert letter.subject == parts["subject"].format(name="Vestibule")
    assert letter.plain.startswith(title)
    for text in (letter.subject, letter.plain, letter.html):
        assert not re.search(r"\{\w*\}", text.split("</style>")[-1])
    page = Page(letter.html)
    assert f'lang="{language}"' in letter.html
    assert title in page.text
    assert not {"script", "img", "link", "form"} & set(page.tags)


@pytest.mark.parametrize("type_", MAILS)
def test_only_what_has_a_code_shows_one_and_only_what_has_a_link_leads_somewhere(compose, type_):
    letter = compose(type_)
    links = re.findall(r"https?://\S+", letter.plain)
    assert bool(re.search(r"^482915$", letter.plain, re.MULTILINE)) is (type_ in CODED)
    assert len(links) == (type_ in ("verification_code_valid", "verification_valid", "recovery_valid"))
    assert set(Page(letter.html).links) == set(links)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("type_", TEXTS)
def test_text_messages_are_short_and_begin_with_the_code(compose, type_, language):
    letter = compose(type_, via="sms", language=language)
    assert (letter.subject, letter.html) == ("", "")
    assert len(letter.plain) <= 160
    if type_.endswith("_code_valid"):
        assert letter.plain.startswith("482915 ")
        assert letter.plain.endswith("\n\n@id.example.org #482915")


def test_both_languages_say_the_same_things():
    english, german = wording("en"), wording("de")
    assert english.words.keys() == german.words.keys()
    assert english.sms.keys() == german.sms.keys() == set(TEXTS)
    assert english.email.keys() == german.email.keys() == set(MAILS)
    for type_ in MAILS:
        for part, text in english.email[type_].items():
            assert set(re.findall(r"\{(\w+)\}", text)) == set(re.findall(r"\{(\w+)\}", german.email[type_][part]))


@pytest.mark.parametrize(
    ("asked", "offered", "language"),
    [
        ("de", ["en", "de"], "de"),
        ("fr", ["en", "de"], "en"),
        (None, ["de"], "de"),
        ("en", ["de"], "de"),
        (None, [], "en"),
    ],
)
def test_the_language_is_one_that_is_offered(compose, asked, offered, language):
    letter = compose("login_code_valid", changes={"vestibule": {"pages": {"languages": offered}}}, language=asked)
    assert letter.plain.startswith(wording(language).email["login_code_valid"]["title"])


@pytest.mark.parametrize("type_", [*MAILS, "stub"])
def test_hostile_values_stay_values(compose, type_):
    changes = {"vestibule": {"pages": {"name": "A <b>brand</b> {to}"}}}
    data = {name: HOSTILE for name in SAMPLE if isinstance(SAMPLE[name], str)}
    letter = compose(type_, changes=changes, recipient=HOSTILE, **data)
    assert not re.search(r"[\r\n\u202e]", letter.subject)
    assert "Bcc" not in re.findall(r"^\S+", letter.plain, re.MULTILINE) or type_ == "stub"
    if letter.html:
        assert "script" not in Page(letter.html).tags
        assert "<b>" not in letter.html
        assert "{{ .Identity }}" in letter.html or "&" in letter.html


def test_times_and_spans_are_words(compose):
    assert "for 1 hour " in compose("login_code_valid", expires_in_minutes=60).plain
    assert "for 1 minute " in compose("login_code_valid", expires_in_minutes=1).plain
    assert "for 90 minutes " in compose("login_code_valid", expires_in_minutes=90).plain
    assert "gilt 2 Stunden lang" in compose("login_code_valid", expires_in_minutes=120, language="de").plain
    assert "1 March 2026, 12:00 UTC" in compose("verifiable_address_changed").plain
    assert "1. März 2026, 12:00 Uhr (UTC)" in compose("verifiable_address_changed", language="de").plain


def test_the_brand_is_that_of_the_pages(compose):
    links = [{"label": "Help", "url": "https://help.example.org/"}, {"label": "Imprint", "url": "/imprint"}]
    look = {"name": "Acme", "light": {"accent": "#ffcc00"}, "radius": "1rem", "links": links}
    letter = compose("verification_code_valid", changes={"vestibule": {"pages": look}})
    assert "Acme" in letter.subject
    assert "background-color:#ffcc00;border-radius:16px" in letter.html
    assert "color:#000000" in letter.html  # black shows on that accent, white would not
    assert "https://help.example.org/" in letter.html
    assert "/imprint" not in letter.html  # a path leads nowhere from a mail


def test_a_type_that_nobody_knows_fails_no_list(compose, post):
    post.queue(type_="something_new")
    (message,) = post.world.svc.messages.page(limit=1)
    assert post.world.svc.compose(message).subject == "something_new"


def test_a_stub_says_what_it_is_given(compose):
    letter = compose("stub", subject="Hello", body="You.")
    assert (letter.subject, letter.plain, letter.html) == ("Hello", "You.", "")


def test_an_override_takes_the_place_of_its_part_only(compose):
    def source(text):
        return f"base64://{base64.b64encode(text.encode()).decode()}"

    def overriding(**email):
        return {"courier": {"templates": {"recovery_code": {"valid": {"email": email}}}}}

    subject = compose("recovery_code_valid", changes=overriding(subject=source("Ours\n for {{ .To }}")))
    assert subject.subject == "Ours for ann@example.org"
    assert "482915" in subject.html
    plain = compose("recovery_code_valid", changes=overriding(body={"plaintext": source("{{ .RecoveryCode }}")}))
    assert (plain.plain, plain.html) == ("482915", "")
    html = compose(
        "recovery_code_valid",
        changes=overriding(body={"html": source("<i>{{ .Identity.traits.name }}</i>")}),
        identity={"traits": {"name": "<b>"}},
    )
    assert html.html == "<i>&lt;b&gt;</i>"
    assert "482915" in html.plain
