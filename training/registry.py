"""Which bundle serves: registered versions, their aliases, and the pointer file that serving watches.

A move of the champion touches two aliases and a file, and may be killed between any two of these. So what is
intended is written to the registry first (one tag), every step can be repeated, and the tag goes last: the
next `promote` or `rollback` finishes what a killed one began.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from recommender.bundle import ModelBundle
from recommender.domain.simulation import labelled
from recommender.errors import BundleError, InputError
from training.tracking import BUNDLE_FOLDER, SIMULATED_TAG, STORE, connect, flag, flatten

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import RegisteredModel

MODEL: Final = "module-recommender"
MODEL_DESCRIPTION: Final = (
    "The recommendation engine: skills, modules and ranking in one immutable bundle. champion serves, "
    "challenger was trained last and wants to, previous is what a rollback returns to."
)
CHAMPION: Final = "champion"
CHALLENGER: Final = "challenger"
PREVIOUS: Final = "previous"
POINTER: Final = STORE / "champion.json"

_MOVE_TAG = "unfinished_move"
_NO_ALIAS = "nobody"


@dataclass(frozen=True, slots=True)
class Move:
    """A change of what serves.

    Parameters
    ----------
    kind : {"promote", "rollback"}
    champion : int
        Version that serves afterwards.
    previous : int or None
        Version that a rollback returns to afterwards.
    changed : bool
        False when the champion was the same before, and only the pointer file was put right.
    """

    kind: Literal["promote", "rollback"]
    champion: int
    previous: int | None
    changed: bool = True


class ModelRegistry:
    """The registered model ``module-recommender``.

    Parameters
    ----------
    client : MlflowClient
        From `training.tracking.connect`.
    """

    def __init__(self, client: MlflowClient) -> None:
        self._client = client

    @classmethod
    def open(cls, store: Path = STORE) -> ModelRegistry:
        """Open the registry beside the tracking store; see `training.tracking.connect`."""
        return cls(connect(store))

    def version(self, alias: str) -> int | None:
        """Version that carries an alias; None when none does."""
        model = self._model()
        found = model.aliases.get(alias) if model else None
        return None if found is None else int(found)

    def simulated(self, version: int) -> bool:
        """Whether a version was trained on simulated data; versions of before that was written say no.

        Raises
        ------
        InputError
            If there is no such version.
        """
        return self._version_tags(version).get(SIMULATED_TAG) == flag(True)

    def manifest(self, version: int) -> Mapping[str, Any] | None:
        """Manifest of the bundle of a version; None where the bundle is gone.

        Raises
        ------
        InputError
            If there is no such version.
        """
        bundle = Path(self._version_tags(version)["bundle_path"])
        try:
            return ModelBundle.open(bundle, verify=False).manifest
        except BundleError:
            return None

    def register(
        self, run_id: str, bundle: Path, bundle_id: str, metrics: Mapping[str, Any], description: str
    ) -> int:
        """Register the bundle of a run as a new version and make it the challenger.

        A bundle of simulated data makes a version that says so, in its description and a tag.

        Parameters
        ----------
        run_id : str
            From `training.tracking.log_run`.
        bundle : Path
            Directory that serving would map; it must stay where it is.
        bundle_id : str
        metrics : mapping
            The few numbers to show beside the version; nested names are joined by slashes.
        description : str
            In plain words.

        Returns
        -------
        int
            The new version.

        Raises
        ------
        BundleError
            If there is no bundle at `bundle`.
        """
        simulated = ModelBundle.open(bundle, verify=False).simulated
        if self._model() is None:
            self._client.create_registered_model(MODEL, description=MODEL_DESCRIPTION)
        artifacts = self._client.get_run(run_id).info.artifact_uri
        numbers = {name: f"{value:.4g}" for name, value in flatten(metrics, "/") if value is not None}
        created = self._client.create_model_version(
            MODEL,
            f"{artifacts}/{BUNDLE_FOLDER}",
            run_id,
            tags=numbers
            | {"bundle_id": bundle_id, "bundle_path": str(bundle.resolve()), SIMULATED_TAG: flag(simulated)},
            description=labelled(description, simulated),
        )
        self._client.set_registered_model_alias(MODEL, CHALLENGER, created.version)
        return int(created.version)

    def promote(self, pointer: Path, version: int | None = None, reason: str = "") -> Move:
        """Let a version serve: ``champion`` moves to it, ``previous`` to the old one, then the pointer.

        Safe to repeat, also after it was killed half-way.

        Parameters
        ----------
        pointer : Path
            File that serving watches, replaced in one step.
        version : int, optional
            By default the challenger; where there is none, the champion stays and its pointer is checked.
        reason : str
            Why, in plain words; kept with the version.

        Raises
        ------
        InputError
            If there is no such version, nothing to promote, its bundle is gone, or the server does not let
            this user move aliases.
        """
        finished = self._finish(pointer)
        champion = self.version(CHAMPION)
        chosen = self.version(CHALLENGER) or champion if version is None else version
        if chosen is None:
            raise InputError(f"{MODEL} has no challenger to promote; run train first or name a version")
        if finished is not None and finished.champion == chosen:
            return finished
        target = self._pointer_content(chosen, pointer)
        if reason:
            self._client.set_model_version_tag(MODEL, str(chosen), "promoted_because", reason)
        previous = self.version(PREVIOUS) if self._same_bundle(chosen, champion) else champion
        move = Move("promote", chosen, previous, changed=chosen != champion)
        self._carry_out(move, pointer, target)
        return move

    def rollback(self, pointer: Path, reason: str = "") -> Move:
        """Return to what served before: ``champion`` and ``previous`` swap, then the pointer.

        Parameters
        ----------
        pointer : Path
            As in `promote`.
        reason : str
            Why, in plain words; kept with the version that stops serving.

        Raises
        ------
        InputError
            If nothing served before, its bundle is gone, or the server does not let this user move aliases.
        """
        finished = self._finish(pointer)
        if finished is not None and finished.kind == "rollback":
            return finished  # the one that was killed is the one that is asked for again
        champion, previous = self.version(CHAMPION), self.version(PREVIOUS)
        if champion is None or previous is None or champion == previous:
            raise InputError(f"{MODEL} has no previous version to return to; promote another version instead")
        target = self._pointer_content(previous, pointer)
        if reason:
            self._client.set_model_version_tag(MODEL, str(champion), "rolled_back_because", reason)
        move = Move("rollback", previous, champion)
        self._carry_out(move, pointer, target)
        return move

    def _finish(self, pointer: Path) -> Move | None:
        """Carry out what a killed promote or rollback intended; None when there is nothing."""
        model = self._model()
        intended = model.tags.get(_MOVE_TAG) if model else None
        if not intended:
            return None
        move = Move(**json.loads(intended))
        try:
            target = self._pointer_content(move.champion, pointer)
        except InputError:
            # Its bundle went away meanwhile: it can never be finished, and must not block what comes next.
            self._client.delete_registered_model_tag(MODEL, _MOVE_TAG)
            return None
        self._carry_out(move, pointer, target)
        return move

    def _carry_out(self, move: Move, pointer: Path, target: Mapping[str, Any]) -> None:
        self._check_may_move()
        self._client.set_registered_model_tag(MODEL, _MOVE_TAG, json.dumps(asdict(move)))
        if move.previous is not None:
            self._client.set_registered_model_alias(MODEL, PREVIOUS, str(move.previous))
        self._client.set_registered_model_alias(MODEL, CHAMPION, str(move.champion))
        write_pointer(pointer, target)
        if self.version(CHALLENGER) == move.champion:
            self._client.delete_registered_model_alias(MODEL, CHALLENGER)
        self._client.delete_registered_model_tag(MODEL, _MOVE_TAG)

    def _check_may_move(self) -> None:
        """Take away an alias that is not there: a server for a team lets many set one and few take one away.

        Who may not would get half-way, to the last step.
        """
        from mlflow.exceptions import MlflowException

        try:
            self._client.delete_registered_model_alias(MODEL, _NO_ALIAS)
        except MlflowException as error:
            if error.error_code != "PERMISSION_DENIED":
                raise
            raise InputError(
                f"MLflow does not let this user move the aliases of {MODEL}, so nothing was moved; ask an "
                f"administrator of MLflow for the permission MANAGE on {MODEL}"
            ) from error

    def _pointer_content(self, version: int, pointer: Path) -> dict[str, Any]:
        tags = self._version_tags(version)
        bundle = Path(tags["bundle_path"])
        if not bundle.is_dir():
            raise InputError(
                f"bundle of {MODEL} version {version} is not at {bundle} any more; put it back or train again"
            )
        held = ModelBundle.open(bundle).id
        if held != tags["bundle_id"]:
            raise InputError(
                f"{bundle} holds bundle {held}, but {MODEL} version {version} is {tags['bundle_id']}; "
                "train again"
            )
        folder = pointer.resolve().parent
        place = bundle.relative_to(folder) if bundle.is_relative_to(folder) else bundle
        return {
            "bundle": place.as_posix(),
            "bundle_id": tags["bundle_id"],
            "version": version,
            "alias": CHAMPION,
        }

    def _same_bundle(self, version: int, champion: int | None) -> bool:
        """Whether rolling back from `version` to `champion` would change nothing."""
        if champion is None or version == champion:
            return version == champion
        return self._version_tags(version)["bundle_id"] == self._version_tags(champion)["bundle_id"]

    def _version_tags(self, version: int) -> dict[str, str]:
        from mlflow.exceptions import MlflowException

        try:
            return dict(self._client.get_model_version(MODEL, str(version)).tags)
        except MlflowException as error:
            raise InputError(
                f"{MODEL} has no version {version}; look at the versions with make mlflow"
            ) from error

    def _model(self) -> RegisteredModel | None:
        found = self._client.search_registered_models(f"name = '{MODEL}'", max_results=1)
        return found[0] if found else None


def write_pointer(pointer: Path, content: Mapping[str, Any]) -> None:
    """Replace the pointer file in one step that survives a power cut.

    Whoever reads it sees the old content or the new one, never a part.
    """
    pointer.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=pointer.parent, prefix=f".{pointer.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(json.dumps(content, indent=2) + "\n")
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)  # mkstemp makes it private, but serving may run as somebody else
        temporary.replace(pointer)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    folder = os.open(pointer.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the rename itself is only safe once the folder is written
    finally:
        os.close(folder)
