from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tests.config.documents import document, saved

from vestibule.config.findings import ConfigError
from vestibule.config.load import load
from vestibule.config.references import Unread, filled, unread


def test_secrets_are_read_when_the_configuration_is_loaded(tmp_path: Path):
    stored = {"secret://ssm/cookie": "s" * 16}
    path = saved(tmp_path, document("/secrets/cookie", list(stored)))
    assert load([path], {}, read_secret=stored.__getitem__).config.secrets.cookie == ("s" * 16,)


def test_a_value_that_a_reference_brings_is_checked_like_any_other(tmp_path: Path):
    path = saved(tmp_path, document("/secrets/cookie", ["env://SHORT"]))
    with pytest.raises(ConfigError, match="/secrets/cookie/0: a secret has at least 16 characters"):
        load([path], {"SHORT": "short"})


def test_a_reference_that_leads_nowhere_is_an_error(tmp_path: Path):
    def read(reference: str) -> str:
        raise Unread("names no parameter")

    content = document("/secrets/cookie", ["secret://ssm/a", "env://NONE"])
    with pytest.raises(ConfigError) as raised:
        load([saved(tmp_path, content)], {}, read_secret=read)
    assert [(finding.path, finding.message) for finding in raised.value.findings] == [
        ("/secrets/cookie/0", "names no parameter"),
        ("/secrets/cookie/1", "names the environment variable NONE, which is not set"),
    ]


def test_a_secret_is_never_taken_for_its_own_reference(tmp_path: Path):
    path = saved(tmp_path, document("/secrets/cookie", ["secret://ssm/cookie-secret"]))
    with pytest.raises(ConfigError, match="names a secret that cannot be read here"):
        load([path], {})


HOOKS = [
    {
        "hook": "web_hook",
        "config": {
            "url": "secret://ssm/url",
            "method": "POST",
            "body": "base64://e30=",
            "headers": {"A": "secret://ssm/a", "B": "env://B", "C": "Bearer ${secret://ssm/c}"},
        },
    }
]


@pytest.mark.parametrize("place", ["before", "after", "after/password"])
def test_what_hooks_need_is_read_when_they_call(tmp_path: Path, place: str):
    path = saved(tmp_path, document(f"/selfservice/flows/registration/{place}/hooks", HOOKS))
    after = load([path], {"B": "b"}).config.selfservice.flows.registration
    (hook,) = {"before": after.before, "after": after.after, "after/password": after.after.method("password")}[
        place
    ].hooks
    config: Any = hook
    assert config.config.url == "secret://ssm/url"
    assert config.config.headers == {"A": "secret://ssm/a", "B": "b", "C": "Bearer ${secret://ssm/c}"}


def test_texts_with_secrets_in_them_are_filled():
    stored = {"secret://ssm/a": "x y"}
    assert filled("secret://ssm/a", stored.__getitem__) == "x y"
    assert filled("?k=${secret://ssm/a}&${secret://ssm/a}", stored.__getitem__, quote=quote) == "?k=x%20y&x%20y"
    assert filled("secret ssm ${HOME} ${secret://}", stored.__getitem__) == "secret ssm ${HOME} ${secret://}"


def test_a_document_whose_references_are_all_read_later_can_be_frozen():
    assert not unread(document("/selfservice/flows/login/after/hooks", [{"config": {"url": "secret://ssm/a"}}]))
    assert unread(document("/selfservice/flows/login/after/hooks", [{"config": {"url": "env://A"}}]))
    assert unread(document("/courier/smtp/connection_uri", "secret://ssm/a"))
