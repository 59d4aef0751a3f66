"""What sections answer beyond their keys: the models have it from here, and so has `frozen`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct

if TYPE_CHECKING:
    from vestibule.config.flows import AfterMethod
    from vestibule.config.hooks import Hooks


class NamesSchemas:
    """Of `identity`."""

    def schema_ids(self: Any) -> tuple[str, ...]:
        return tuple(schema.id for schema in self.schemas)


class ByMethod:
    """Of `after` of a flow that also has lists by method."""

    def method(self, name: str) -> AfterMethod:
        """What is configured for the method; an empty section when the flow has none for it."""
        found = getattr(self, name, None)
        return cast("AfterMethod", found if hasattr(found, "hooks") else _NOTHING)


class Parses:
    """Of a web hook's `config`."""

    @property
    def parses(self: Any) -> bool:
        """Whether the answer can stop the flow, so that registration and settings call it before they store."""
        return self.response.parse or self.can_interrupt


class _Nothing(Struct, frozen=True):
    default_browser_return_url: str | None = None
    hooks: Hooks = ()


_NOTHING = _Nothing()
