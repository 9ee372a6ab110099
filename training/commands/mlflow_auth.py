"""The file with the passwords of MLflow's server: made once, at random, and refused where others can read it.

It is the file that MLflow's basic auth reads (``MLFLOW_AUTH_CONFIG_PATH``), with one section more for the
secret that forms are signed with, which MLflow itself takes from the environment alone.
"""

from __future__ import annotations

import configparser
import os
import secrets
import stat
from pathlib import Path
from typing import Final

from recommender.errors import ConfigurationError

ADMIN: Final = "admin"
KNOWN_TO_ALL: Final = "password1234"
"""What MLflow had as the administrator's password until somebody changed it."""

_SERVER = "server"
_SECRET = "flask_secret_key"  # noqa: S105 - the name of a setting
_PRIVATE = 0o600


def make_auth_config(file: Path, database: str) -> bool:
    """Write the file with a random password of the administrator, unless it is there.

    Everybody who is let in may read and add runs and versions (``EDIT``): trainings of a team share their
    experiment and registered model. To delete what somebody else made, and to move aliases, is for its maker,
    for administrators, and for whom they allow it.

    Parameters
    ----------
    file : Path
        Readable and writable by its owner alone from its first byte on.
    database : str
        Where users are kept: an address as SQLAlchemy takes it.

    Returns
    -------
    bool
        Whether it was made.

    Raises
    ------
    ConfigurationError
        If there can be no such file.
    """
    content = configparser.ConfigParser(interpolation=None)
    content["mlflow"] = {
        "default_permission": "EDIT",
        "database_uri": database.replace("%", "%%"),  # MLflow reads the file with interpolation
        "admin_username": ADMIN,
        "admin_password": secrets.token_urlsafe(24),
        "authorization_function": "mlflow.server.auth:authenticate_request_basic_auth",
        # Each file of a bundle is a request, and to check a password is slow on purpose.
        "auth_cache_ttl_seconds": "60",
    }
    content[_SERVER] = {_SECRET: secrets.token_urlsafe(48)}
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
    except OSError as error:
        if file.is_file():
            return False
        raise ConfigurationError(f"{file} cannot be made: {error.strerror}; name a file elsewhere") from error
    with os.fdopen(handle, "w", encoding="utf-8") as opened:
        content.write(opened)
    return True


def read_secret(file: Path) -> str:
    """Check the file, and give the secret of forms.

    Raises
    ------
    ConfigurationError
        If others than its owner can read the file, if it lacks something, or if a password in it is the one
        that everybody knows.
    """
    mode = stat.S_IMODE(file.stat().st_mode)
    if mode & ~stat.S_IRWXU:
        raise ConfigurationError(
            f"{file} holds passwords and has mode {mode:o}, so others can reach it; run chmod 600 {file}"
        )
    content = configparser.ConfigParser()
    try:
        content.read_string(file.read_text(encoding="utf-8"), str(file))
        read = {name: dict(content[name]) for name in content.sections()}
    except configparser.Error as error:
        told = " ".join(str(error).split())
        raise ConfigurationError(f"{file} is not what MLflow can read: {told}; write % as %%") from error
    for name in ("default_permission", "database_uri", "admin_username"):
        if not read.get("mlflow", {}).get(name):
            raise ConfigurationError(f"{file} has no {name} below [mlflow]; {_remedy(file)}")
    if read["mlflow"].get("admin_password") == KNOWN_TO_ALL:
        raise ConfigurationError(
            f"admin_password in {file} is {KNOWN_TO_ALL}, which everybody knows; write another one"
        )
    secret = read.get(_SERVER, {}).get(_SECRET)
    if not secret:
        raise ConfigurationError(f"{file} has no {_SECRET} below [{_SERVER}]; {_remedy(file)}")
    return secret


def _remedy(file: Path) -> str:
    return f"add it, or move {file.name} away: the next start makes a whole one"
