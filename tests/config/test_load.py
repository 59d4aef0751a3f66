from pathlib import Path

from vestibule.config.load import load

MINIMAL = """\
dsn: memory
identity:
  schemas:
    - id: person
      url: file://person.schema.json
selfservice:
  default_browser_return_url: https://example.org/
"""


def test_a_minimal_file_loads(tmp_path: Path):
    path = tmp_path / "kratos.yml"
    path.write_text(MINIMAL)
    assert load([path], {}).config.identity.schema_ids() == ("person",)
