"""What is done every few minutes: nothing stays behind, and functions start fast after a deployment."""

from __future__ import annotations

from msgspec.structs import replace

from vestibule.config import frozen
from vestibule.config.findings import ConfigError
from vestibule.config.revision import Unfit, document_of
from vestibule.services import Services
from vestibule.workers.sweep import sweep


def upkeep(svc: Services) -> None:
    sweep(svc)
    refreeze(svc)


def refreeze(svc: Services) -> bool:
    """Put the revision that counts onto the files and models of now; returns whether there was a need to.

    It says the same as before, and starts without the models again (see `frozen`). One that does not fit stays.
    """
    source = svc.configurations.source
    revision = svc.configurations.current()
    if revision is None or (revision.digest == source.digest and frozen.is_current(revision.frozen)):
        return False
    from vestibule.config.freezing import frozen_text  # noqa: PLC0415 (the models: only after a deployment)
    from vestibule.config.load import reloaded  # noqa: PLC0415 (as above)

    try:
        document = document_of(source, revision)
        reloaded(source, document)
        text = frozen_text(document)
    except (Unfit, ConfigError):
        return False  # whoever follows it says so
    if text is None and revision.digest == source.digest:
        return False
    svc.configurations.restate(replace(revision, document=document, digest=source.digest, frozen=text))
    return True
