"""``python -m training mlflow``: MLflow's own server, for one person or, with a password, for a team.

Settings are the variables that ``mlflow server`` reads itself. What this adds: defaults, a file with random
passwords, a refusal of whatever would open the server to others without one, and the link to the right mode.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import typer

from recommender.errors import ConfigurationError
from training.commands.mlflow_auth import ADMIN, KNOWN_TO_ALL, make_auth_config, read_secret
from training.tracking import STORE

AUTH: Final = "MLFLOW_AUTH_CONFIG_PATH"
BACKEND: Final = "MLFLOW_BACKEND_STORE_URI"
TRACKING: Final = "MLFLOW_TRACKING_URI"
ARTIFACTS: Final = "MLFLOW_ARTIFACTS_DESTINATION"
ARTIFACT_ROOT: Final = "MLFLOW_DEFAULT_ARTIFACT_ROOT"
HOSTS: Final = "MLFLOW_SERVER_ALLOWED_HOSTS"
ORIGINS: Final = "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS"
SECRET: Final = "MLFLOW_FLASK_SERVER_SECRET_KEY"  # noqa: S105 - the name of a variable
WORKERS: Final = "MLFLOW_WORKERS"
PASSWORD: Final = "MLFLOW_AUTH_ADMIN_PASSWORD"  # noqa: S105 - the name of a variable

PAGE: Final = "/#/experiments?workflowType=machine_learning"
"""A browser that has not been there before opens any other address in MLflow's mode for prompts."""

UNPROTECTED: Final = "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE"
_LEAST_SECRET = 32
_HERE = ("127.0.0.1", "localhost", "::1")
_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    # Jobs are for prompts and traces; they take eight processes, whether there are any or not.
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
}


@dataclass(frozen=True, slots=True)
class Start:
    """How the server is started.

    Parameters
    ----------
    command : tuple of str
        Program and arguments. No address of a database is among them: everybody on a machine can list these.
    environment : mapping
        All variables of the process.
    told : tuple of str
        Lines for whoever starts it.
    """

    command: tuple[str, ...]
    environment: Mapping[str, str]
    told: tuple[str, ...]


def run(host: str, port: int, store: Path = STORE) -> None:
    """Become the server; does not return.

    Parameters
    ----------
    host : str
        Address of this machine to listen on.
    port : int
    store : Path
        Folder of database and artifacts, unless variables say otherwise.

    Raises
    ------
    ConfigurationError
        If settings contradict each other, or would let others in without a password.
    """
    if os.environ.get(AUTH):
        # Hashes of passwords may lie in a file beside the others.
        os.umask(0o077)
    start = plan(host, port, os.environ, store)
    for line in start.told:
        typer.echo(line)
    os.execve(start.command[0], start.command, dict(start.environment))  # noqa: S606 - no shell is wanted


def plan(host: str, port: int, environment: Mapping[str, str], store: Path) -> Start:
    """Say how the server is to be started, and make the folders and the file with passwords that it needs.

    Parameters
    ----------
    host, port, store
        See `run`.
    environment : mapping
        Variables of the caller; an empty one counts as not set.

    Raises
    ------
    ConfigurationError
        See `run`.
    """
    given = {name: value for name, value in environment.items() if value}
    _check_protection(given)
    database = _database(given, store)
    store.mkdir(parents=True, exist_ok=True)
    of_mode = _for_team if given.get(AUTH) else _for_one
    options, variables, told = of_mode(host, port, given, store, database)
    command = (sys.executable, "-m", "mlflow", "server", "--host", host, "--port", str(port), *options)
    # The address of a server is for its clients: this process is the server.
    rest = {name: value for name, value in given.items() if name != TRACKING}
    return Start(command, _QUIET | rest | {BACKEND: database} | variables, told)


def _check_protection(given: Mapping[str, str]) -> None:
    """Refuse variables that take away what keeps pages of the web from using the server."""
    if given.get(UNPROTECTED, "").lower() in ("true", "1", "yes", "on"):
        raise ConfigurationError(f"{UNPROTECTED}={given[UNPROTECTED]} lets any page of the web in; unset it")
    if "*" in given.get(ORIGINS, ""):
        raise ConfigurationError(f"{ORIGINS}={given[ORIGINS]} lets any page of the web in; name the origins")
    if SECRET in given and len(given[SECRET]) < _LEAST_SECRET:
        raise ConfigurationError(
            f"{SECRET} has {len(given[SECRET])} characters, which can be guessed; give at least "
            f"{_LEAST_SECRET} random ones, or unset it"
        )


_Mode = tuple[tuple[str, ...], dict[str, str], tuple[str, ...]]
"""Options, variables, lines to tell."""


def _for_one(host: str, port: int, given: Mapping[str, str], store: Path, _: str) -> _Mode:
    remedy = f"set {AUTH} to a file for passwords, which is made where there is none"
    if host not in _HERE:
        raise ConfigurationError(f"on {host} others get in, and nobody asks them for a password; {remedy}")
    if HOSTS in given:
        raise ConfigurationError(
            f"{HOSTS}={given[HOSTS]} lets others in, and nobody asks them for a password; {remedy}"
        )
    artifacts = (store / "artifacts").resolve()
    artifacts.mkdir(parents=True, exist_ok=True)
    root = given.get(ARTIFACT_ROOT, str(artifacts))
    options = ("--default-artifact-root", root, "--workers", given.get(WORKERS, "1"))
    return options, {}, (f"Open {_link(host, port)} (the plain address opens MLflow's mode for prompts)",)


def _for_team(host: str, port: int, given: Mapping[str, str], store: Path, database: str) -> _Mode:
    hosts = [name.strip() for name in given.get(HOSTS, "").split(",") if name.strip()]
    _check_team(given, hosts)
    file = Path(given[AUTH]).absolute()
    made = make_auth_config(file, database)
    secret = read_secret(file)
    # MLflow takes its own pages for foreign ones unless their address is named; with a * it would match more.
    pages = [_address(name) for name in hosts if "*" not in name]
    origins = given.get(ORIGINS, ",".join(pages))
    options = (
        *("--app-name", "basic-auth", "--serve-artifacts"),
        *("--artifacts-destination", _destination(given.get(ARTIFACTS, str(store / "artifacts")))),
        *("--allowed-hosts", ",".join(hosts)),
        *(("--cors-allowed-origins", origins) if origins else ()),
        *("--workers", given.get(WORKERS, "2")),
    )
    told = [f"Listens on {host}:{port}", *(f"Open {page}{PAGE}" for page in pages)]
    if made:
        told.insert(
            0, f"Made {file}, for its owner alone: the password for a new database's {ADMIN} is in it"
        )
    return options, {AUTH: str(file), SECRET: given.get(SECRET, secret)}, tuple(told)


def _check_team(given: Mapping[str, str], hosts: list[str]) -> None:
    if not hosts:
        raise ConfigurationError(
            f"{AUTH} is set and {HOSTS} is not; name the hosts that people type, "
            f"such as {HOSTS}=mlflow.example.org,localhost:5000"
        )
    open_to_all = [host for host in hosts if _is_anybodys(host)]
    if open_to_all:
        raise ConfigurationError(
            f"{HOSTS}={open_to_all[0]} lets any page of the web in by a name of its own; name the hosts"
        )
    if ARTIFACT_ROOT in given:
        raise ConfigurationError(
            f"{ARTIFACT_ROOT}={given[ARTIFACT_ROOT]} sends clients past the server, to a place they may not "
            f"reach; unset it, and name the server's own place in {ARTIFACTS}"
        )
    if given.get(PASSWORD) == KNOWN_TO_ALL:
        raise ConfigurationError(
            f"{PASSWORD}={KNOWN_TO_ALL} is a password that everybody knows; choose another"
        )
    if find_spec("flask_wtf") is None:
        raise ConfigurationError(
            "MLflow asks for passwords only with the package Flask-WTF, which is not installed; "
            "run pip install 'mlflow[auth]'"
        )


def _is_anybodys(host: str) -> bool:
    """Whether a pattern of hosts leaves open whose they are.

    >>> [_is_anybodys(host) for host in ("*", "*:5000", "*.org", "*.example.org:5000", "mlflow")]
    [True, True, True, False, False]
    """
    name = host.partition(":")[0]
    return "*" in name and ("*" in name.removeprefix("*.") or "." not in name.removeprefix("*."))


def _database(given: Mapping[str, str], store: Path) -> str:
    if BACKEND in given:
        return given[BACKEND]
    uri = given.get(TRACKING, f"sqlite:///{(store / 'mlflow.db').resolve()}")
    if re.match(r"https?:", uri):
        raise ConfigurationError(
            f"{TRACKING} is the address of a server that runs, not of a database to serve; open it in a "
            f"browser, or set {BACKEND}"
        )
    return uri


def _destination(named: str) -> str:
    """Make a folder of this machine, for its owner alone; an address such as ``s3://`` stays as it is."""
    if "://" in named:
        return named
    folder = Path(named).absolute()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return str(folder)


def _address(host: str) -> str:
    """Behind a proxy with TLS there is no port to type; where there is one, the server itself is asked."""
    scheme = "http" if re.search(r":\d+$", host) else "https"
    return f"{scheme}://{host}"


def _link(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}{PAGE}"
