"""Writes vestibule/edge/routes.py from template.yaml: `make routes`. A test holds the two together."""

from __future__ import annotations

from pathlib import Path

from vestibule.local import routes

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "layers" / "core" / "vestibule" / "edge" / "routes.py"
MARK = "# --- the table, written by `make routes` from template.yaml "


def rendered(template: Path, module: str) -> str:
    """The module's text with the template's routes behind the mark. What goes to a fallback is no route of its own."""
    head, _, _ = module.partition(MARK)
    known = [route for route in routes.read(template) if not route.function.name.endswith("Fallback")]
    lines = [f'    ("{route.api}", "{route.method}", "{route.path}"),\n' for route in sorted(known, key=_order)]
    return f"{head}{MARK}{'-' * (119 - len(MARK))}\n\nROUTES: tuple[Route, ...] = (\n{''.join(lines)})\n"


def _order(route: routes.Route) -> tuple[str, str, str]:
    return (route.api, route.path, route.method)


if __name__ == "__main__":
    TARGET.write_text(rendered(ROOT / "template.yaml", TARGET.read_text()))
