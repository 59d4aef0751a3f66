from pathlib import Path

import pytest
from tests.config.documents import document, saved

from vestibule.config.findings import ConfigError
from vestibule.config.load import load
from vestibule.config.references import Unread


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
