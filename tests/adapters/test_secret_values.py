"""Secrets that stand elsewhere: where they are read from, for how long they are kept, and what is said of them."""

import json

import pytest

from vestibule.adapters import secret_values
from vestibule.adapters.aws import AwsRefused, AwsUnanswered
from vestibule.adapters.secret_values import AwsSource, KeptSecrets, LocalSource, secrets
from vestibule.ports import SecretUnavailable


class Time:
    def __init__(self):
        self.at = 1000.0

    def __call__(self):
        return self.at


class Source:
    """Counts; gives a new value each time, or fails."""

    def __init__(self):
        self.asked = []
        self.fails = False

    def __call__(self, store, name):
        self.asked.append((store, name))
        if self.fails:
            raise SecretUnavailable("gone")
        return f"value-{len(self.asked)}"


def test_a_value_is_kept_for_a_minute():
    source, time = Source(), Time()
    read = KeptSecrets(source, now=time)
    assert [read("secret://ssm/a") for _ in range(3)] == ["value-1"] * 3
    time.at += 61
    assert read("secret://ssm/a") == "value-2"
    assert source.asked == [("ssm", "a")] * 2


def test_a_value_that_cannot_be_read_again_is_used_on_for_a_while():
    source, time = Source(), Time()
    read = KeptSecrets(source, now=time)
    read("secret://ssm/a")
    source.fails = True
    time.at += 600
    assert read("secret://ssm/a") == "value-1"
    time.at += 600
    with pytest.raises(SecretUnavailable):
        read("secret://ssm/a")


@pytest.mark.parametrize(
    "reference", ["secret://", "secret://ssm", "secret://ssm/", "secret://vault/a", "env://A", "a"]
)
def test_what_is_no_reference_is_refused(reference):
    with pytest.raises(SecretUnavailable, match="a reference is"):
        KeptSecrets(Source())(reference)


def test_on_a_machine_of_ones_own_the_environment_goes_before_the_file(tmp_path):
    file = tmp_path / "secrets.json"
    file.write_text(json.dumps({"ssm/hooks/crm": "from the file", "ssm/other": "other", "ssm/number": 7}))
    environ = {"VESTIBULE_SECRETS_FILE": str(file), "VESTIBULE_SECRET_SSM_HOOKS_CRM": "from the environment"}
    read = secrets(environ, local=True)
    assert read("secret://ssm/hooks/crm") == "from the environment"
    assert read("secret://ssm/other") == "other"
    for missing in ("secret://ssm/number", "secret://secretsmanager/other"):
        with pytest.raises(SecretUnavailable, match="neither VESTIBULE_SECRET_"):
            read(missing)


@pytest.mark.parametrize("content", [None, b"no json"])
def test_a_file_that_cannot_be_read_is_said_and_not_shown(tmp_path, content):
    file = tmp_path / "secrets.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SecretUnavailable, match="the file of VESTIBULE_SECRETS_FILE cannot be read"):
        LocalSource({"VESTIBULE_SECRETS_FILE": str(file)})("ssm", "a")


class Aws:
    def __init__(self, answer):
        self.answer = answer
        self.asked = []

    def call(self, operation, **arguments):
        self.asked.append((operation, arguments))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def aws(monkeypatch):
    def answering(answer):
        made = Aws(answer)
        monkeypatch.setattr(secret_values, "_service", lambda _: made)
        return made

    return answering


@pytest.mark.parametrize(("name", "asked"), [("crm", "crm"), ("hooks/crm", "/hooks/crm"), ("/hooks/crm", "/hooks/crm")])
def test_parameters_are_decrypted(aws, name, asked):
    made = aws({"Parameter": {"Value": "hidden"}})
    assert AwsSource()("ssm", name) == "hidden"
    assert made.asked == [("get_parameter", {"Name": asked, "WithDecryption": True})]


def test_a_secret_may_be_json_with_the_value_in_it(aws):
    made = aws({"SecretString": json.dumps({"key": "hidden", "number": 7})})
    assert AwsSource()("secretsmanager", "crm#key") == "hidden"
    assert made.asked == [("get_secret_value", {"SecretId": "crm"})]
    for name in ("crm#other", "crm#number"):
        with pytest.raises(SecretUnavailable, match="no such key"):
            AwsSource()("secretsmanager", name)


@pytest.mark.parametrize("trouble", [AwsRefused("AccessDeniedException"), AwsUnanswered("ReadTimeout")])
@pytest.mark.parametrize("store", ["ssm", "secretsmanager"])
def test_what_aws_does_not_tell_is_unavailable(aws, store, trouble):
    aws(trouble)
    with pytest.raises(SecretUnavailable, match=store):
        AwsSource()(store, "crm")
