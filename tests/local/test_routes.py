"""The template's routes, and the choice among them."""

import textwrap

import pytest

from vestibule.local import routes, template
from vestibule.local.routes import Router
from vestibule.local.template import TemplateError

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Level: {Type: String, Default: INFO}
Globals:
  Function:
    Handler: app.handler
    Environment:
      Variables:
        LEVEL: !Ref Level
        TABLE: !GetAtt Data.Outputs.Table
        DSN: !Sub "dynamodb://${Table}"
Resources:
  Health:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/public/health/
      Environment: {Variables: {TRACE: true, LEVEL: DEBUG}}
      Events:
        Public: {Type: HttpApi, Properties: {ApiId: !Ref PublicApi, Path: /health/alive, Method: get}}
        Admin:
          Type: HttpApi
          Properties:
            ApiId: !Ref AdminApi
            Path: /health/alive
            Method: GET
  Rest:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/public/rest/
      Events:
        Default: {Type: HttpApi, Properties: {ApiId: !Ref PublicApi, Path: $default}}
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/workers/publish/
      Events:
        Stream: {Type: DynamoDB, Properties: {Stream: !GetAtt Data.Outputs.Stream, StartingPosition: LATEST}}
  Bus:
    Type: AWS::Events::EventBus
    Properties: {Name: !Join ["-", [!Ref AWS::StackName, bus]]}
"""


def write(tmp_path, text):
    path = tmp_path / "template.yaml"
    path.write_text(textwrap.dedent(text))
    return path


def function(name):
    return routes.Function(name, code=None, handler="app.handler", environment={})


def router(*rows):
    """Each row is `verb path`; the function is named after it."""
    listed = []
    for row in rows:
        verb, _, path = row.rpartition(" ")
        listed.append(routes.Route("public", verb or "ANY", path, function(row)))
    return Router(listed)


def test_the_routes_of_a_template_are_read_with_their_functions(tmp_path):
    found = routes.read(write(tmp_path, TEMPLATE))
    assert [(route.api, route.key, route.function.name) for route in found] == [
        ("public", "GET /health/alive", "Health"),
        ("admin", "GET /health/alive", "Health"),
        ("public", "$default", "Rest"),
    ]
    assert found[0].function.code == tmp_path / "functions/public/health"
    assert found[0].function.handler == "app.handler"


def test_only_variables_with_a_value_outside_aws_are_kept(tmp_path):
    health, _, rest = routes.read(write(tmp_path, TEMPLATE))
    assert health.function.environment == {"LEVEL": "DEBUG", "TRACE": "true"}
    assert rest.function.environment == {"LEVEL": "INFO"}


def test_an_event_on_an_unknown_api_is_an_error_that_names_the_function(tmp_path):
    text = TEMPLATE.replace("!Ref AdminApi", "!Ref OtherApi")
    with pytest.raises(TemplateError, match=r"Health.*PublicApi.*AdminApi"):
        routes.read(write(tmp_path, text))


@pytest.mark.parametrize(("text", "says"), [("a: [", "not valid YAML"), ("- 1", "no Resources"), ("", "no Resources")])
def test_a_broken_template_is_one_line(tmp_path, text, says):
    with pytest.raises(TemplateError, match=says) as caught:
        routes.read(write(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_a_missing_template_is_an_error(tmp_path):
    with pytest.raises(TemplateError, match="No such file"):
        routes.read(tmp_path / "template.yaml")


def test_the_template_is_found_in_a_folder_above(tmp_path):
    path = write(tmp_path, TEMPLATE)
    deep = tmp_path / "layers" / "core"
    deep.mkdir(parents=True)
    assert template.find(deep) == path


@pytest.mark.parametrize(
    ("method", "path", "chosen", "parameters"),
    [
        ("GET", "/pets/dog", "GET /pets/dog", {}),
        ("GET", "/pets/7", "GET /pets/{id}", {"id": "7"}),
        ("POST", "/pets/7", "ANY /pets/{id}", {"id": "7"}),
        ("GET", "/pets/a%2Fb%20c", "GET /pets/{id}", {"id": "a/b c"}),
        ("GET", "/pets/7/toys", "GET /pets/{proxy+}", {"proxy": "7/toys"}),
        ("GET", "/pets/7/toys/1", "GET /pets/{proxy+}", {"proxy": "7/toys/1"}),
        ("DELETE", "/pets/7/toys", "$default", {}),
        ("GET", "/pets/", "$default", {}),
        ("GET", "/pets", "$default", {}),
        ("GET", "/pets/dog/", "GET /pets/{proxy+}", {"proxy": "dog/"}),
        ("GET", "/", "$default", {}),
        ("OPTIONS", "/pets/dog", "ANY /pets/{id}", {"id": "dog"}),
        ("OPTIONS", "/shop", "$default", {}),
    ],
)
def test_the_most_specific_route_is_chosen(method, path, chosen, parameters):
    rows = ("$default", "GET /pets/{proxy+}", "ANY /pets/{id}", "GET /pets/{id}", "GET /pets/dog", "GET /shop")
    match = router(*rows).match("public", method, path)
    assert (match.route.function.name, match.parameters) == (chosen, parameters)


def test_without_a_default_an_unknown_path_has_no_route():
    assert router("GET /a").match("public", "GET", "/b") is None
    assert router("GET /a").match("public", "POST", "/a") is None


def test_without_a_default_options_and_head_go_to_the_other_verbs():
    only_get = router("GET /a/{id}")
    assert only_get.match("public", "OPTIONS", "/a/1").route.key == "GET /a/{id}"
    assert only_get.match("public", "HEAD", "/a/1").route.key == "GET /a/{id}"


def test_an_api_does_not_see_the_routes_of_the_other():
    assert router("GET /a", "$default").match("admin", "GET", "/a") is None
