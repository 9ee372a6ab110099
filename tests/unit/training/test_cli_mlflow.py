"""The command ``mlflow``: what it starts for one person and for a team, and what it refuses."""

import configparser
import os
import re
import stat
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from recommender.errors import ConfigurationError
from training.cli import app
from training.commands import mlflow_server
from training.commands.mlflow_auth import make_auth_config, read_secret
from training.commands.mlflow_server import plan

TEAM = {
    "MLFLOW_BACKEND_STORE_URI": "postgresql+psycopg://mlflow:p%40ss@db/mlflow",
    "MLFLOW_SERVER_ALLOWED_HOSTS": "mlflow.example.org, localhost:5000,*.example.net",
}


@pytest.fixture(autouse=True)
def package_for_forms(monkeypatch):
    """Only its presence counts here."""
    monkeypatch.setattr(mlflow_server, "find_spec", lambda name: name)


@pytest.fixture
def team(tmp_path) -> dict[str, str]:
    return TEAM | {"MLFLOW_AUTH_CONFIG_PATH": str(tmp_path / "private" / "auth.ini")}


def option(start, name):
    return start.command[start.command.index(name) + 1]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE", "true"),
        ("MLFLOW_SERVER_CORS_ALLOWED_ORIGINS", "https://here.example.org,*"),
        ("MLFLOW_FLASK_SERVER_SECRET_KEY", "short"),
    ],
)
def test_what_takes_protection_away_is_refused_for_one_and_for_a_team(tmp_path, team, name, value):
    for environment in ({}, team):
        with pytest.raises(ConfigurationError, match=name):
            plan("127.0.0.1", 5000, environment | {name: value}, tmp_path)


@pytest.mark.parametrize("host", ["*", "*:5000", "*.org", "a*b.example.org"])
def test_hosts_that_may_be_anybodys_are_refused(tmp_path, team, host):
    hosts = {"MLFLOW_SERVER_ALLOWED_HOSTS": f"mlflow.example.org,{host}"}
    with pytest.raises(ConfigurationError, match="lets any page of the web in"):
        plan("127.0.0.1", 5000, team | hosts, tmp_path)


def test_one_person_gets_sqlite_without_a_password_and_the_link_to_models(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("MLFLOW_")]:
        monkeypatch.delenv(name)
    started = []
    monkeypatch.setattr(os, "execve", lambda *call: started.append(call))
    result = CliRunner().invoke(app, ["mlflow", "--port", "5001"])
    assert result.exit_code == 0, result.output
    link = "http://127.0.0.1:5001/#/experiments?workflowType=machine_learning"
    assert result.stdout == f"Open {link} (the plain address opens MLflow's mode for prompts)\n"
    ((program, command, environment),) = started
    assert program == command[0] == sys.executable
    assert command[1:8] == ("-m", "mlflow", "server", "--host", "127.0.0.1", "--port", "5001")
    assert command[8:] == ("--default-artifact-root", str(tmp_path / "mlruns/artifacts"), "--workers", "1")
    assert environment["MLFLOW_BACKEND_STORE_URI"] == f"sqlite:///{tmp_path / 'mlruns/mlflow.db'}"
    assert (environment["MLFLOW_DISABLE_TELEMETRY"], environment["DO_NOT_TRACK"]) == ("true", "true")
    assert environment["PATH"] == os.environ["PATH"]
    assert (tmp_path / "mlruns/artifacts").is_dir()


@pytest.mark.parametrize(
    ("given", "database"),
    [
        ({"MLFLOW_TRACKING_URI": "sqlite:///people.db"}, "sqlite:///people.db"),
        ({"MLFLOW_BACKEND_STORE_URI": "sqlite:///a.db", "MLFLOW_TRACKING_URI": "http://b"}, "sqlite:///a.db"),
    ],
)
def test_the_database_is_what_the_variables_name(tmp_path, given, database):
    start = plan("localhost", 5000, given, tmp_path)
    assert start.environment["MLFLOW_BACKEND_STORE_URI"] == database
    assert "MLFLOW_TRACKING_URI" not in start.environment


def test_a_team_gets_passwords_hosts_and_files_through_the_server(tmp_path, team):
    start = plan("0.0.0.0", 5000, team, tmp_path / "mlruns")  # noqa: S104
    assert option(start, "--app-name") == "basic-auth"
    assert option(start, "--allowed-hosts") == "mlflow.example.org,localhost:5000,*.example.net"
    # A * would match any page whose address ends so.
    assert option(start, "--cors-allowed-origins") == "https://mlflow.example.org,http://localhost:5000"
    destination = Path(option(start, "--artifacts-destination"))
    assert destination == tmp_path / "mlruns/artifacts"
    assert stat.S_IMODE(destination.stat().st_mode) == 0o700
    assert "--default-artifact-root" not in start.command
    assert "db/mlflow" not in " ".join(start.command)
    assert start.told[2] == "Open https://mlflow.example.org/#/experiments?workflowType=machine_learning"


def test_the_file_with_passwords_is_made_once_and_is_its_owners_alone(tmp_path, team):
    old = os.umask(0)
    try:
        first = plan("127.0.0.1", 5000, team, tmp_path)
    finally:
        os.umask(old)
    file = Path(team["MLFLOW_AUTH_CONFIG_PATH"])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert first.told[0].startswith(f"Made {file}")
    made = file.read_text()
    again = plan("127.0.0.1", 5000, team, tmp_path)
    assert file.read_text() == made
    assert [line for line in again.told if "Made" in line] == []
    names = ("MLFLOW_FLASK_SERVER_SECRET_KEY", "MLFLOW_AUTH_CONFIG_PATH")
    assert [first.environment[name] for name in names] == [again.environment[name] for name in names]
    read = configparser.ConfigParser()  # as MLflow does
    read.read(file)
    assert read["mlflow"]["database_uri"] == TEAM["MLFLOW_BACKEND_STORE_URI"]
    other = tmp_path / "other.ini"
    assert make_auth_config(other, "sqlite:///a.db")
    assert read_secret(other) != read_secret(file)
    password = read["mlflow"]["admin_password"]
    assert len(password) >= 32
    assert password not in other.read_text()
    assert password not in " ".join(first.told + first.command)


def test_what_is_set_goes_before_what_is_made(tmp_path, team):
    given = team | {
        "MLFLOW_FLASK_SERVER_SECRET_KEY": "of-several-servers-and-long-enough",
        "MLFLOW_ARTIFACTS_DESTINATION": "s3://bucket/mlflow",
        "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS": "https://other.example.org",
        "MLFLOW_WORKERS": "7",
        "MLFLOW_DISABLE_TELEMETRY": "false",
    }
    start = plan("127.0.0.1", 5000, given, tmp_path)
    assert start.environment["MLFLOW_FLASK_SERVER_SECRET_KEY"] == "of-several-servers-and-long-enough"
    assert start.environment["MLFLOW_DISABLE_TELEMETRY"] == "false"
    assert option(start, "--artifacts-destination") == "s3://bucket/mlflow"
    assert option(start, "--cors-allowed-origins") == "https://other.example.org"
    assert option(start, "--workers") == "7"


@pytest.mark.parametrize(
    ("host", "given", "told"),
    [
        ("0.0.0.0", {}, "on 0.0.0.0 others get in, and nobody asks them for a password; set MLFLOW_AUTH"),  # noqa: S104
        ("::", {}, "on :: others get in"),
        ("127.0.0.1", {"MLFLOW_SERVER_ALLOWED_HOSTS": "a.example"}, "HOSTS=a.example lets others in"),
        ("127.0.0.1", {"MLFLOW_TRACKING_URI": "https://a.example"}, "address of a server that runs"),
    ],
)
def test_without_passwords_nobody_else_gets_in(tmp_path, host, given, told):
    with pytest.raises(ConfigurationError, match=told):
        plan(host, 5000, given, tmp_path / "mlruns")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"MLFLOW_SERVER_ALLOWED_HOSTS": ""}, "HOSTS is not; name the hosts that people type"),
        ({"MLFLOW_SERVER_ALLOWED_HOSTS": "a.example,*"}, r"HOSTS=\* lets any page"),
        ({"MLFLOW_DEFAULT_ARTIFACT_ROOT": "/data"}, "ROOT=/data sends clients past the server"),
        ({"MLFLOW_AUTH_ADMIN_PASSWORD": "password1234"}, "that everybody knows"),
    ],
)
def test_a_team_is_not_served_by_half(tmp_path, team, given, told):
    with pytest.raises(ConfigurationError, match=told):
        plan("127.0.0.1", 5000, team | given, tmp_path)
    assert not Path(team["MLFLOW_AUTH_CONFIG_PATH"]).exists()


def test_a_package_that_is_not_there_is_named(tmp_path, team, monkeypatch):
    monkeypatch.setattr(mlflow_server, "find_spec", lambda _: None)
    with pytest.raises(ConfigurationError, match=r"Flask-WTF.*pip install 'mlflow\[auth\]'"):
        plan("127.0.0.1", 5000, team, tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("admin_password = .*", "admin_password = password1234", "password1234, which everybody knows"),
        ("database_uri = .*", "database_uri = a%b", "is not what MLflow can read: .*; write % as %%"),
        ("admin_username = .*", "", r"has no admin_username below \[mlflow\]; add it, or move auth.ini away"),
        ("flask_secret_key = .*", "", r"has no flask_secret_key below \[server\]"),
        (r"\[mlflow\]", "mlflow", "is not what MLflow can read"),
    ],
)
def test_a_file_that_is_spoilt_is_refused(tmp_path, old, new, told):
    file = tmp_path / "auth.ini"
    make_auth_config(file, "sqlite:///a.db")
    file.write_text(re.sub(old, new, file.read_text(), count=1))
    with pytest.raises(ConfigurationError, match=told):
        read_secret(file)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_file_that_others_can_reach_is_refused(tmp_path, mode):
    file = tmp_path / "auth.ini"
    make_auth_config(file, "sqlite:///a.db")
    file.chmod(mode)
    with pytest.raises(ConfigurationError, match=f"has mode {mode:o}, so others can .*chmod 600"):
        read_secret(file)


def test_a_place_that_takes_no_file_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match="cannot be made: File exists; name a file elsewhere"):
        make_auth_config(tmp_path, "sqlite:///a.db")
