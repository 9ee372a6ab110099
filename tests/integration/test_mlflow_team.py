"""MLflow for a team, as the guide sets it up: PostgreSQL, a directory of the server's own, passwords, hosts.

The server is what ``make mlflow`` starts; the commands are those of the guide, with other places.
"""

from __future__ import annotations

import configparser
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import httpx2
import psutil
import pytest
from sqlalchemy import make_url

from recommender.bundle import ModelBundle
from recommender.errors import InputError
from tests.conftest import MLFLOW_VARIABLES
from tests.mlflow_server import free_port, stop, wait_until_up
from tests.postgres import Postgres
from training.registry import CHALLENGER, CHAMPION, ModelRegistry
from training.tracking import BUNDLE_FOLDER, RunRecord, check_server, connect, log_run

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.slow,
    pytest.mark.filterwarnings(r"ignore:The .*noload.* loader strategy is deprecated"),
]

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/guides/mlflow-for-a-team.md").read_text(encoding="utf-8")
DATABASE, START, USER, ALLOW, OTHER_PASSWORD, TRAIN, DOWNLOAD, BACKUP, RESTORE, UPGRADE = re.findall(
    r"^```sh\n(.*?)^```", GUIDE, re.M | re.S
)
SETTINGS, CREDENTIALS = re.findall(r"^```text\n(.*?)^```", GUIDE, re.M | re.S)
PASSWORD = "of-the-database-with-%-in-it"
SEARCH = "/api/2.0/mlflow/experiments/search"
CREATE = "/api/2.0/mlflow/users/create"
LINK = "Open https://mlflow.example.org/#/experiments?workflowType=machine_learning\n"


@dataclass
class Team:
    """Server, database and the places in which the guide's commands find them."""

    folder: Path
    postgres: Postgres
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def auth(self) -> Path:
        return self.folder / "srv/mlflow/auth.ini"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def admin(self) -> tuple[str, str]:
        return "admin", self.setting("admin_password")

    def setting(self, name: str) -> str:
        read = configparser.ConfigParser()
        read.read(self.auth)
        return read["mlflow"][name]

    def here(self, text: str) -> str:
        """Put the places of this test in the place of the guide's."""
        socket = make_url(self.postgres.url("mlflow")).query["host"]
        for guide, test in {
            "mlflow@localhost/mlflow": f"mlflow@/mlflow?host={quote(str(socket), safe='')}",
            "/srv": str(self.folder / "srv"),
            "/backup": str(self.folder / "backup"),
            "localhost:5000": f"127.0.0.1:{self.port}",
            "https://mlflow.example.org": self.url,
            "make mlflow": f"exec make -C {ROOT} -o setup mlflow MLFLOW_PORT={self.port}",
            "localhost:5432": "*:*",
            "createuser --pwprompt": "createuser",  # it asks a terminal; the test says it in SQL
        }.items():
            text = text.replace(guide, test)
        return text

    def environment(self) -> dict[str, str]:
        programs = f"{Path(sys.executable).parent}:{self.postgres.programs}"
        rest = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "MAKE"))}
        return rest | {
            "HOME": str(self.folder),
            "PATH": f"{programs}:{os.environ['PATH']}",
            "PYTHONPATH": f"{ROOT}:{os.environ.get('PYTHONPATH', '')}",
            "PGHOST": str(make_url(self.postgres.url("mlflow")).query["host"]),
            "PGUSER": "postgres",
            "MLFLOW_WORKERS": "1",
        }

    def run(self, commands: str, environment: Mapping[str, str] = {}) -> str:
        """Run commands of the guide; what they print."""
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", self.here(commands)],
            cwd=self.folder,
            env=self.environment() | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def start(self) -> None:
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                ["bash", "-euc", self.here(START)],
                cwd=self.folder,
                env=self.environment(),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_until_up(self.url, self.process, self.log)

    def stop(self) -> None:
        if self.process is not None:
            stop(self.process)
            self.process = None

    def add(self, name: str) -> tuple[str, str]:
        """Let somebody in as the guide does; name and password."""
        return name, self.run(USER.replace("ada", name)).strip()

    def ask(self, user: tuple[str, str] | None, path: str = SEARCH, **headers: str) -> int:
        """Status of what the server answers."""
        body = {SEARCH: {"max_results": 1}, CREATE: {"username": "eve1", "password": "of-her-own-making"}}
        with httpx2.Client(auth=user, trust_env=False, timeout=60) as client:
            url = f"{self.url}{path}"
            if path in body:
                return client.post(url, headers=headers, json=body[path]).status_code
            return client.get(url, headers=headers).status_code


@pytest.fixture(scope="module")
def team(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    team = Team(tmp_path_factory.mktemp("team"), postgres)
    for folder in ("srv/mlflow", "backup"):
        (team.folder / folder).mkdir(parents=True)
    team.run(DATABASE.replace("PASSWORD", PASSWORD))
    postgres.run(f"ALTER ROLE mlflow PASSWORD '{PASSWORD}'")
    ask_for_passwords(postgres)
    (team.folder / "srv/mlflow/settings").write_text(team.here(SETTINGS), encoding="utf-8")
    try:
        team.start()
        yield team
    finally:
        team.stop()
        postgres.drop(postgres.url("mlflow"))
        postgres.run("DROP ROLE mlflow")


def ask_for_passwords(postgres: Postgres) -> None:
    """The server of tests believes everybody on this machine; here it believes passwords alone."""
    import psycopg

    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        (named,) = connection.execute("SHOW hba_file").fetchone() or ("",)
        rules = Path(named)
        rules.write_text(f"local mlflow mlflow scram-sha-256\n{rules.read_text()}")
        connection.execute("SELECT pg_reload_conf()")


@pytest.fixture(scope="module")
def ada(team: Team) -> tuple[str, str]:
    return team.add("ada")


def sign_in(team: Team, user: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Be a client as the guide says, in this process; the variables."""
    for name in MLFLOW_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    lines = team.here(TRAIN).replace("ada", user[0]).replace("PASSWORD=PASSWORD", f"PASSWORD={user[1]}")
    variables = dict(re.findall(r"^export (\w+)=(.*)$", lines, re.M))
    assert len(variables) == 3
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


def record(bundle: Path, name: str = "2026-03-01 toy: first models") -> RunRecord:
    return RunRecord(
        name=name,
        description="A small run of somebody in the team.",
        params={"als": {"factors": 64}},
        metrics={"hr@10": 0.25},
        dataset_name="toy",
        dataset_fingerprint="f" * 64,
        dataset_path=bundle,
        bundle=bundle,
        simulated=False,
    )


def files(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_passwords_are_random_private_and_in_no_log_and_no_list_of_processes(team: Team) -> None:
    assert stat.S_IMODE(team.auth.stat().st_mode) == 0o600
    password = team.setting("admin_password")
    assert len(password) == 32
    assert LINK in team.log.read_text()
    assert password not in team.log.read_text()
    assert team.process is not None
    started = psutil.Process(team.process.pid)
    lines = [" ".join(process.cmdline()) for process in (started, *started.children(recursive=True))]
    assert any("uvicorn" in line for line in lines)
    assert [line for line in lines if password in line or "postgresql" in line] == []
    assert stat.S_IMODE((team.folder / "srv/mlflow/artifacts").stat().st_mode) == 0o700


def test_a_run_goes_in_and_its_bundle_comes_back_byte_for_byte(
    team: Team, ada: tuple[str, str], tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(team, ada, monkeypatch)
    check_server()
    run_id = log_run(record(tiny_bundle))
    bundle_id = ModelBundle.open(tiny_bundle).id
    assert ModelRegistry.open().register(run_id, tiny_bundle, bundle_id, {"auc": 0.81}, "First.") == 1
    run = connect().get_run(run_id)
    assert (run.info.status, run.data.metrics["hr_at_10"]) == ("FINISHED", 0.25)
    assert run.info.artifact_uri.startswith("mlflow-artifacts:/")
    # Somebody else adds to the same experiment and model, and lets the version serve.
    ben = team.add("ben")
    variables = sign_in(team, ben, monkeypatch)
    second = log_run(record(tiny_bundle, "2026-03-02 toy: second models"))
    assert ModelRegistry.open().register(second, tiny_bundle, bundle_id, {"auc": 0.82}, "Second.") == 2
    pointer = team.folder / "champion.json"
    with pytest.raises(InputError, match="does not let this user move the aliases of module-recommender"):
        ModelRegistry.open().promote(pointer)
    assert ModelRegistry.open().version(CHAMPION) is None
    assert not pointer.exists()
    team.run(USER.partition("api=")[0] + ALLOW.replace("ada", "ben"))
    # The last line of what the guide does to train, with another command.
    promote = re.sub("^python -m training train .*", "python -m training promote", TRAIN, flags=re.M)
    told = team.run(promote.replace("ada", "ben").replace("PASSWORD=PASSWORD", f"PASSWORD={ben[1]}"))
    assert "Version 2 serves now as champion" in told
    assert [ModelRegistry.open().version(alias) for alias in (CHAMPION, CHALLENGER)] == [2, None]
    # Files come by HTTP alone: to ben, what ada sent.
    team.run(DOWNLOAD.replace("RUN", run_id), variables)
    assert files(team.folder / "back" / BUNDLE_FOLDER) == files(tiny_bundle)
    (kept,) = (team.folder / "srv/mlflow/artifacts").glob(f"*/{run_id}/artifacts/{BUNDLE_FOLDER}")
    assert files(kept) == files(tiny_bundle)


@pytest.mark.parametrize(
    "user",
    [None, ("ada", "wrong-password"), ("admin", "password1234"), ("admin", ""), ("nobody", "password1234")],
)
def test_nobody_gets_in_without_the_right_password(
    team: Team, ada: tuple[str, str], user: tuple[str, str] | None
) -> None:
    paths = ["/", SEARCH, "/api/2.0/mlflow-artifacts/artifacts", "/api/2.0/mlflow/users/list", "/version"]
    assert [team.ask(user, path) for path in paths] == [401] * 5
    assert [team.ask(ada, path) for path in ("/", SEARCH, "/health")] == [200] * 3
    assert team.ask(user, CREATE) == 401
    assert team.ask(ada, CREATE) == 403


def test_a_wrong_password_and_a_wrong_address_are_told_in_one_sentence(
    team: Team, ada: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(team, ("ada", "wrong-password"), monkeypatch)
    with pytest.raises(
        InputError, match=r"does not know this user or password; set MLFLOW_TRACKING_USERNAME"
    ):
        check_server()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://ada:secret@127.0.0.1:{free_port()}")
    with pytest.raises(InputError, match=r"MLFLOW_TRACKING_URI=http://127.0.0.1:\d+ does not answer"):
        check_server()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", team.url.replace("127.0.0.1", "localhost"))
    with pytest.raises(InputError, match=r"answered 403 \(Invalid Host.*MLFLOW_SERVER_ALLOWED_HOSTS"):
        check_server()


def test_name_and_password_may_be_in_a_file(
    team: Team, ada: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(team, ada, monkeypatch)
    for name in ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"):
        monkeypatch.delenv(name)
    file = team.folder / "client/.mlflow/credentials"
    file.parent.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(team.folder / "client"))
    with pytest.raises(InputError, match="does not know this user"):
        check_server()
    file.write_text(CREDENTIALS.replace("= PASSWORD", f"= {ada[1]}"), encoding="utf-8")
    check_server()


def test_foreign_hosts_and_pages_are_refused(team: Team, ada: tuple[str, str]) -> None:
    """What a proxy passes on goes through, by the name that people type and from MLflow's own pages."""
    assert team.ask(ada, Host="mlflow.example.org") == 200
    for foreign in ("evil.example", "mlflow.example.org.evil.example", "10.0.0.1", f"localhost:{team.port}"):
        assert team.ask(ada, Host=foreign) == 403, foreign
    page = "/ajax-api/2.0/mlflow/experiments/search"
    own = {"Host": "mlflow.example.org", "Content-Type": "application/json"}
    with httpx2.Client(auth=ada, trust_env=False, timeout=60) as client:
        asked = {
            origin: client.post(
                f"{team.url}{page}", headers=own | {"Origin": origin}, content='{"max_results": 1}'
            ).status_code
            for origin in ("https://mlflow.example.org", "http://mlflow.example.org", "https://evil.example")
        }
    assert list(asked.values()) == [200, 403, 403]


def test_somebody_gets_another_password_and_is_shown_out(team: Team) -> None:
    change, delete = re.findall(r"(?:printf.*\n +)?curl.*\n", OTHER_PASSWORD)
    told = team.run(f"{USER}password=another-long-password\n{change}echo $password".replace("ada", "cleo"))
    first, *_, second = told.split()
    assert [team.ask(("cleo", password)) for password in (first, second)] == [401, 200]
    team.run(f"{USER.partition('password=')[0]}{delete}".replace("ada", "cleo"))
    assert team.ask(("cleo", second)) == 401


def test_all_is_there_after_a_restart_and_the_loss_of_database_and_files(
    team: Team, ada: tuple[str, str], tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(team, ada, monkeypatch)
    run_id = log_run(record(tiny_bundle))
    version = ModelRegistry.open().register(
        run_id, tiny_bundle, ModelBundle.open(tiny_bundle).id, {}, "Before the loss."
    )
    team.stop()
    team.run(BACKUP)
    before = files(team.folder / "srv")
    (team.folder / "srv").rename(team.folder / "lost")
    (team.folder / "srv").mkdir()
    team.run(RESTORE)
    assert files(team.folder / "srv") == before
    team.run(UPGRADE)
    # The password of admin is lost as well: the guide's way to another administrator.
    written = team.auth.read_text().replace("= admin\n", "= rescue\n")
    team.auth.write_text(re.sub("(admin_password = ).*", r"\1twelve-letters-or-more", written))
    team.start()
    assert "Made" not in team.log.read_text()
    run = connect().get_run(run_id)
    assert run.data.params == {"als.factors": "64"}
    assert ModelRegistry.open().version(CHALLENGER) == version
    assert files(Path(connect().download_artifacts(run_id, BUNDLE_FOLDER))) == files(tiny_bundle)
    assert team.ask(None) == team.ask(("admin", "password1234")) == team.ask(("ada", "wrong-password")) == 401
    assert team.ask(ada, CREATE) == 403
    assert team.ask(("rescue", "twelve-letters-or-more"), CREATE) == 200
