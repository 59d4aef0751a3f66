"""template.yaml against the doors, the table of routes, and what each function may do."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tools.routes import TARGET, rendered

from vestibule.edge import routes
from vestibule.local import routes as local_routes
from vestibule.local import template

ROOT = Path(__file__).parents[2]

WITHOUT_ROUTE = {
    "AdminAuthorizer",
    "WorkersPublish",
    "WorkersCourier",
    "WorkersFeedback",
    "WorkersSweep",
    "WorkersWebhooks",
}
"""Functions that no route leads to: the gateway calls them by itself, or the stream, a queue, a clock does."""


def test_each_door_is_a_function_named_after_its_folder(functions):
    folders = {f"{door.parts[-3]}/{door.parts[-2]}" for door in (ROOT / "functions").glob("*/*/app.py")}
    assert {properties["CodeUri"].removeprefix("functions/") for properties in functions.values()} == folders
    for name, properties in functions.items():
        words = re.split("[/_]", properties["CodeUri"].removeprefix("functions/"))
        assert name == "".join(word.capitalize() for word in words)
        assert properties["FunctionName"] == {"Fn::Sub": "${AWS::StackName}-" + name}


def test_the_table_of_routes_is_that_of_the_template():
    assert TARGET.read_text() == rendered(ROOT / "template.yaml", TARGET.read_text())


def test_every_function_has_a_route(functions):
    routed = {route.function.name for route in local_routes.read(ROOT / "template.yaml")}
    assert routed == functions.keys() - WITHOUT_ROUTE


def test_no_route_is_listed_twice():
    keys = [(route.api, route.key) for route in local_routes.read(ROOT / "template.yaml")]
    assert len(keys) == len(set(keys))


def test_head_goes_where_get_goes():
    listed = {(route.api, route.path, route.method): route.function.name for route in _listed()}
    for (api, path, method), function in listed.items():
        if method == "GET":
            assert listed.get((api, path, "HEAD")) == function


def test_allow_lists_what_the_recordings_list():
    assert routes.verbs("public", "/self-service/login") == ("GET", "HEAD", "POST")
    assert routes.verbs("public", "/self-service/logout/api") == ("DELETE",)
    assert routes.verbs("admin", "/health/ready") == ("GET", "HEAD")
    assert routes.verbs("admin", "/admin/identities") == ("GET", "HEAD", "PATCH", "POST")
    assert routes.verbs("public", "/no/such/route") == ()
    assert routes.verbs("admin", "/schemas/person") == ()
    assert routes.verbs("public", "/schemas/") == ()


@pytest.mark.attack("cfg-05")
def test_every_operation_of_the_admin_api_asks_who_calls(root_template):
    paths = root_template["Resources"]["AdminApi"]["Properties"]["DefinitionBody"]["paths"]
    secured = {
        (path, "ANY" if "any-method" in verb else verb.upper())
        for path, operations in paths.items()
        for verb, operation in operations.items()
        if operation["security"] == [{"Admin": []}]
    }
    assert secured == {(route.path, route.method) for route in _listed() if route.api == "admin"}


def test_functions_that_hash_passwords_have_a_whole_cpu(functions):
    for name in ("LoginSubmit", "RegistrationSubmit", "AdminIdentities"):
        assert functions[name]["MemorySize"] == 1769


def test_alarms_watch_every_function(functions):
    alarms = template.read(ROOT / "infra" / "observability.yaml")["Resources"]
    for metric in ("Errors", "Throttles"):
        watched = [
            entry["MetricStat"]["Metric"]["Dimensions"][0]["Value"]["Fn::Sub"].removeprefix("${Prefix}-")
            for name, alarm in alarms.items()
            if name.startswith(metric)
            for entry in alarm["Properties"]["Metrics"]
            if "MetricStat" in entry
        ]
        assert sorted(watched) == sorted(functions)


COUNTED = (
    "from vestibule.edge import telemetry; from vestibule.workers.courier import GIVEN_UP; telemetry.alarming(GIVEN_UP)"
)


def test_an_alarm_watches_what_the_courier_counts(root_template) -> None:
    """Under all the dimensions that it has: an alarm that names fewer sees nothing."""
    variables = root_template["Globals"]["Function"]["Environment"]["Variables"]
    named = {name: value for name, value in variables.items() if isinstance(value, str)}
    environ = os.environ | named | {"AWS_LAMBDA_FUNCTION_NAME": "stack-WorkersCourier"}
    said = subprocess.run([sys.executable, "-c", COUNTED], env=environ, check=True, capture_output=True).stdout
    counted = json.loads(said)
    (metric,) = counted["_aws"]["CloudWatchMetrics"]
    alarm = template.read(ROOT / "infra" / "observability.yaml")["Resources"]["MessagesGivenUp"]["Properties"]
    assert (metric["Namespace"], metric["Metrics"][0]["Name"]) == (alarm["Namespace"], alarm["MetricName"])
    watched = {each["Name"]: each["Value"] for each in alarm["Dimensions"]}
    assert watched.pop("function") == {"Fn::Sub": "${Prefix}-WorkersCourier"}
    assert {name: counted[name] for name in metric["Dimensions"][0]} == {"function": "stack-WorkersCourier", **watched}


def test_no_alarm_adds_up_more_metrics_than_cloudwatch_takes() -> None:
    alarms = template.read(ROOT / "infra" / "observability.yaml")["Resources"]
    sizes = {name: len(alarm["Properties"].get("Metrics", [])) - 1 for name, alarm in alarms.items()}
    assert max(sizes.values()) == 10, sizes


def test_every_parameter_says_what_it_takes(root_template):
    for name, parameter in root_template["Parameters"].items():
        assert parameter["Description"], name
        assert parameter.keys() & {"AllowedPattern", "AllowedValues", "MinValue"}, name
        default, pattern = str(parameter["Default"]), parameter.get("AllowedPattern", "")
        assert re.fullmatch(pattern, default) if pattern else default, name


def test_hook_secrets_are_named_by_their_arns(root_template):
    pattern = root_template["Parameters"]["HookSecretArns"]["AllowedPattern"]
    key = "arn:aws:ssm:eu-central-1:123456789012:parameter/hooks/*"
    secret = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:crm-AbCdEf"
    for given, taken in ((key, True), (f"{key}, {secret}", True), ("*", False), ("crm", False), (f"{key},*", False)):
        assert bool(re.fullmatch(pattern, given)) is taken, given


@pytest.mark.attack("dos-06")
def test_the_public_api_takes_no_more_than_its_parameters_say(root_template):
    settings = root_template["Resources"]["PublicApi"]["Properties"]["DefaultRouteSettings"]
    assert settings == {
        "ThrottlingRateLimit": {"Ref": "RequestsPerSecond"},
        "ThrottlingBurstLimit": {"Ref": "RequestsAtOnce"},
    }


@pytest.mark.attack("dos-06")
def test_the_firewall_counts_each_client_by_itself_and_starting_flows_apart():
    resources = template.read(ROOT / "infra" / "edge.yaml")["Resources"]
    rules = {rule["Name"]: rule for rule in resources["Firewall"]["Properties"]["Rules"]}
    for name, limit in (("flows", "FlowsPerClient"), ("requests", "RequestsPerClient")):
        counted = rules[name]["Statement"]["RateBasedStatement"]
        assert (counted["AggregateKeyType"], counted["Limit"]) == ("IP", {"Ref": limit})
        assert rules[name]["Action"]["Block"]["CustomResponse"]["ResponseCode"] == 429
    scope = rules["flows"]["Statement"]["RateBasedStatement"]["ScopeDownStatement"]["ByteMatchStatement"]
    assert (scope["SearchString"], scope["PositionalConstraint"]) == ("/self-service/", "STARTS_WITH")
    shown = resources["Distribution"]["Properties"]["DistributionConfig"]
    assert shown["WebACLId"] == {"Fn::GetAtt": "Firewall.Arn"}
    assert shown["Origins"][0]["OriginCustomHeaders"] == [
        {"HeaderName": "X-Vestibule-Proxy-Key", "HeaderValue": {"Ref": "ProxyKey"}}
    ]


def _listed() -> tuple[local_routes.Route, ...]:
    return local_routes.read(ROOT / "template.yaml")
