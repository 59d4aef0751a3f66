"""`vestibule serve`: configuration, store, functions and ports put together, with one clear line when that fails."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import click
from msgspec.structs import replace

from vestibule import wiring
from vestibule.adapters.sqlite import SqliteTable
from vestibule.cli import output, settings, store
from vestibule.cli.settings import Options
from vestibule.config.findings import ConfigError
from vestibule.config.loaded import Loaded
from vestibule.config.serve import RequestLog
from vestibule.crypto.sealing import SecretRemoved
from vestibule.local import doors, mailbox, routes, server, template
from vestibule.local.bus import Bus
from vestibule.local.doors import DoorError
from vestibule.local.gateway import Gateway
from vestibule.local.routes import Api, Function, Route, Router
from vestibule.local.server import StartError
from vestibule.local.template import TemplateError
from vestibule.ports import TableError
from vestibule.services import Services

FAILED = 2

_FOR_AWS = "VESTIBULE_"
"""Where the functions find configuration and secrets on AWS; here they are handed over."""


def run(options: Options) -> int:
    """Serve until a signal ends it. Returns the exit status, after saying on stderr why when it is not 0."""
    try:
        gateway = _serve(options)
    except (ConfigError, StartError, TemplateError, DoorError) as error:
        for line in str(error).splitlines():
            click.echo(f"vestibule: {line}", err=True)
        return FAILED
    if gateway.busy:  # a handler that nobody waits for any more would hold the process up until it ends
        logging.shutdown()
        sys.stdout.flush()
        os._exit(0)
    return 0


def reloading(options: Options, command: Sequence[str]) -> int:
    """Run the command, and anew whenever the code of the package or of a function changes."""
    try:
        root = _template(options).parent
    except TemplateError as error:
        click.echo(f"vestibule: {error}", err=True)
        return FAILED
    package = Path(__file__).resolve().parents[1]
    server.restarting([folder for folder in (package, root / "functions") if folder.is_dir()], command)
    return 0


def _serve(options: Options) -> Gateway:
    path = _template(options)
    if not options.files:
        options = replace(options, files=(path.parent / "infra" / "config" / "kratos.yml",))
    loaded = settings.loaded(options, os.environ)
    config = loaded.config
    output.log_to_stdout(config.log)
    sockets = {
        "public": server.bind(config.serve.public.host, config.serve.public.port, "--public-port"),
        "admin": server.bind(config.serve.admin.host, config.serve.admin.port, "--admin-port"),
    }
    ports: dict[int, Api] = {
        sockets["public"].getsockname()[1]: "public",
        sockets["admin"].getsockname()[1]: "admin",
    }
    kept = store.prepare(config.dsn)
    listed = routes.read(path)
    _set_environment(route.function for route in listed)
    wiring.configure(loaded, local=True)
    try:
        svc = wiring.services()  # opens the store: an unusable one is said now, not to the first user
        svc.index.load()
    except SecretRemoved as error:
        raise StartError(f"{error} (store: {kept})") from None
    except TableError as error:
        raise StartError(f"{error} (store: {kept}); mend it or choose another with --dsn") from None
    bus = Bus(svc, current=wiring.services, clean=svc.table.sweep if isinstance(svc.table, SqliteTable) else None)
    gateway = _gateway(listed, svc, ports, bus, dev=options.dev)
    bus.start()
    server.serve(gateway, list(sockets.values()), lambda: click.echo(_banner(loaded, kept, svc)))
    bus.close()
    return gateway


def _template(options: Options) -> Path:
    if options.template and not options.template.is_file():
        raise TemplateError(f"cannot read the template {options.template}: it does not exist; check --template")
    return options.template or template.find(Path(__file__).resolve().parent)


def _set_environment(functions: Iterable[Function]) -> None:
    """The template's variables, unless they are set: in one process, the first function that names one decides."""
    for function in functions:
        for name, value in function.environment.items():
            if not name.startswith(_FOR_AWS):
                os.environ.setdefault(name, value)


def _gateway(listed: Sequence[Route], svc: Services, ports: dict[int, Api], bus: Bus, *, dev: bool) -> Gateway:
    serve = svc.config.serve
    logs: dict[Api, RequestLog] = {"public": serve.public.request_log, "admin": serve.admin.request_log}
    handlers = doors.load(route.function for route in listed)
    quiet: frozenset[Api] = frozenset(api for api, log in logs.items() if log.disable_for_health)
    return Gateway(
        Router(listed),
        handlers,
        ports,
        dev=dev,
        without_health=quiet,
        wrote=bus.wake,
        extra=mailbox.pages(svc) if svc.config.dev else None,
    )


def _banner(loaded: Loaded, kept: str, svc: Services) -> str:
    serve = loaded.config.serve
    base = serve.public.base_url.rstrip("/")
    revision = svc.configurations.head()
    ports = [f"{side.host}:{side.port}" for side in (serve.public, serve.admin)]
    rows = [
        ("Sign up", f"{base}/self-service/registration/browser"),
        ("Sign in", f"{base}/self-service/login/browser"),
        ("Public API", f"{base}/"),
        ("Admin API", f"{serve.admin.base_url.rstrip('/')}/  (open to whoever reaches it)"),
        *([("Mailbox", f"{serve.admin.base_url.rstrip('/')}/mailbox")] if loaded.config.dev else []),
        ("Listening on", " and ".join(ports)),
        ("Store", kept),
        ("Configuration", ", ".join((*loaded.sources, *([f"revision {revision}"] if revision else [])))),
    ]
    return output.banner(rows, loaded.findings)
