"""The trained model on disk: a directory of arrays and tables under one manifest. Nothing in it executes.

::

    manifest.json            format, id, hashes, configuration, metrics, what could not be trained
    catalog/NAME.parquet     the catalogue's tables
    difficulty/NAME.parquet  the difficulty table that states are folded against
    skills/NAME.npy          the learner-skill model, where attempts were there to train it
    views/VIEW/NAME.npy      each view, where completions were there to train it
    ranker/NAME.npy          the ranker's trees and how modules are used, where there are views
    gain/NAME.npy            what finishing a module is expected to teach

The id is the hash of the learned content, so the same data, configuration and seed give the same id; times
of day and timings are in the manifest and not in the id.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from pydantic import ValidationError

from recommender.domain.catalog import Catalog
from recommender.domain.catalog_change import CatalogChange
from recommender.embeddings import VIEWS, Histories, History, View
from recommender.errors import BundleError, InputError
from recommender.ranking.config import RankingConfig
from recommender.ranking.features import feature_names
from recommender.ranking.gain import GainModel
from recommender.ranking.module_facts import ModuleUse
from recommender.ranking.preferences import Preferences
from recommender.ranking.ranker import Ranker
from recommender.skills.difficulty import DifficultyTable
from recommender.skills.model import SkillModel

FORMAT_VERSION = 6
MANIFEST = "manifest.json"
# What reading parts raises where they are not what the manifest says; an empty array file ends too early.
_NOT_AS_SAID = (
    AttributeError,
    EOFError,
    InputError,
    LookupError,
    OSError,
    TypeError,
    ValueError,
    ValidationError,
)


@dataclass(frozen=True, slots=True, eq=False)
class ModelBundle:
    """Everything an engine needs.

    Parameters
    ----------
    catalog : Catalog
    difficulty : DifficultyTable
    skills : SkillModel or None
        None when there were no attempts to fit it on.
    views : mapping of str to View
        By the names they were given; several may be of one kind. Empty when there were no completions to
        fit them on.
    ranking : RankingConfig
    manifest : mapping
        What `write` was told, and after `open` also `id`, `format` and `files`.
    path : Path or None
        Where it lies; None before it was written.
    ranker : Ranker or None
        None when there are no views; of hand-made bundles the declared weights count.
    use : ModuleUse or None
        How modules are used, for the ranker; None without one.
    gain : GainModel or None
        What modules teach; None where it is as declared, see `gain_model`.
    trained : ModelBundle or None
        What `with_catalog` was called on first; None for a bundle as it was trained.
    """

    catalog: Catalog
    difficulty: DifficultyTable
    skills: SkillModel | None
    views: Mapping[str, View]
    ranking: RankingConfig
    manifest: Mapping[str, Any] = field(default_factory=dict)
    path: Path | None = None
    ranker: Ranker | None = None
    use: ModuleUse | None = None
    gain: GainModel | None = None
    trained: ModelBundle | None = None

    @property
    def id(self) -> str:
        """Hash of the learned content; "" before the bundle was written."""
        return str(self.manifest.get("id", ""))

    @property
    def preferences(self) -> Preferences:
        """Views and ranker put together; without a ranker the views are weighed as declared."""
        declared = np.array([self.ranking.view_weights.get(name, 0.0) for name in sorted(self.views)])
        ranker = self.ranker or Ranker.declared(self.ranking.ranker, declared)
        return Preferences.of(self.catalog, self.views, ranker, self.use)

    @property
    def gain_model(self) -> GainModel:
        """What finishing a module is expected to teach; as declared where nothing was estimated."""
        declared = self.ranking.value.learning_rate
        return self.gain or GainModel.of_declaration(self.catalog, declared)

    def with_catalog(self, catalog: Catalog) -> ModelBundle:
        """Serve a changed catalogue at once, with what was learned of the one this was trained on.

        Modules, skills, items and roles are matched by id. Views that learn from starts know nothing of a new
        module; content knows it by the words and labels that told in training, prerequisites by what the
        catalogue says, the skill model by its skills, items and declared difficulty; it is expected to teach
        what modules of its level do. What is no longer in the
        catalogue is gone. States stay valid: they are folded against the difficulty table, which does not
        change, so until the next training an answer to a new item counts for the skills it names, and
        finishing a new module teaches nothing.

        Parameters
        ----------
        catalog : Catalog
            A whole one, not what changed.

        Returns
        -------
        ModelBundle
            Of the same id; the order of the catalogue's rows does not matter. It cannot be written.
        """
        trained = self.trained or self
        change = CatalogChange(trained.catalog, catalog)
        return replace(
            trained,
            catalog=catalog,
            skills=trained.skills and trained.skills.with_catalog(change),
            views={name: view.with_catalog(change) for name, view in trained.views.items()},
            use=trained.use and trained.use.with_catalog(change),
            gain=trained.gain and trained.gain.with_catalog(change),
            trained=trained,
        )

    @property
    def simulated(self) -> bool:
        """Whether it was trained on simulated data; manifests of before that was written say no."""
        dataset = self.manifest.get("dataset")
        return isinstance(dataset, Mapping) and bool(dataset.get("simulated", False))

    def write(self, path: Path, *, under_id: bool = False) -> ModelBundle:
        """Write the directory under a temporary name and rename it, so that a half-written one never shows.

        Parameters
        ----------
        path : Path
            The bundle's directory; with `under_id` the folder that holds it under its id. There, a sound
            bundle of the same id keeps its files, since they are the same, and takes over this manifest.

        Raises
        ------
        BundleError
            `path` exists and is no empty directory, or it cannot be written, or the catalogue is another one
            than that of training.
        """
        if self.trained is not None:
            raise BundleError(
                "the catalogue of this bundle is not the one it was trained on; write the bundle that "
                "`with_catalog` was called on, or train on the new catalogue"
            )
        if not under_id and path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise BundleError(f"{path} exists; give a directory that does not, or remove it first")
        folder = path if under_id else path.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".bundle-", dir=folder) as name:
                temporary = Path(name) / "bundle"
                temporary.mkdir()
                identity = self._write_into(temporary)
                target = folder / identity if under_id else path
                _put(temporary, target, Path(name))
        except OSError as error:
            raise BundleError(f"{path} cannot be written ({error.strerror}); name another place") from error
        return ModelBundle.open(target, verify=False)

    @classmethod
    def open(cls, path: Path, *, verify: bool = True) -> ModelBundle:
        """Open a bundle; its arrays are memory-mapped and shared between processes.

        Trees and memory of answers are copied: compiled code reads them.

        Parameters
        ----------
        verify : bool
            Check the hash of every file first.

        Raises
        ------
        BundleError
            It is missing, damaged, foreign or of another format.
        """
        manifest = _read_manifest(path)
        try:
            if verify:
                _verify(path, manifest)
            return cls._from_parts(path, manifest)
        except _NOT_AS_SAID as error:
            what = str(error).partition("\n")[0]
            raise BundleError(
                f"bundle {path} does not hold what its manifest says ({what}); train it again"
            ) from error

    def _write_into(self, path: Path) -> str:
        """Write every file; the manifest comes last. Returns the id."""
        learned = self._write_parts(path)
        files = {str(f.relative_to(path)): _sha256(f) for f in sorted(path.rglob("*")) if f.is_file()}
        content = {"format": FORMAT_VERSION, "learned": learned, "files": files}
        identity = _identity(content)
        text = json.dumps(
            {**self.manifest, **content, "id": identity}, indent=2, sort_keys=True, allow_nan=False
        )
        (path / MANIFEST).write_text(text + "\n", encoding="utf-8")
        return identity

    def _write_parts(self, path: Path) -> dict[str, Any]:
        _write_tables(path / "catalog", self.catalog.tables)
        _write_tables(path / "difficulty", self.difficulty.to_tables())
        learned: dict[str, Any] = {
            "difficulty": {
                name: getattr(self.difficulty, name) for name in ("overall", "overall_score", "pass_mark")
            },
            "ranking": self.ranking.model_dump(mode="json"),
            "skills": None,
            "views": {},
        }
        if self.skills is not None:
            learned["skills"], arrays = self.skills.parts()
            _write_arrays(path / "skills", arrays)
        for name, view in sorted(self.views.items()):
            learned["views"][name] = {"kind": view.kind, "config": view.config.model_dump(mode="json")}
            _write_arrays(path / "views" / name, view.arrays())
        if self.ranker is not None and self.use is not None:
            arrays = self.ranker.arrays() | {"use": self.use.learned, "use_end": self.use.end}
            _write_arrays(path / "ranker", arrays)
        if self.gain is not None:
            _write_arrays(path / "gain", self.gain.arrays())
        return learned

    @classmethod
    def _from_parts(cls, path: Path, manifest: Mapping[str, Any]) -> ModelBundle:
        learned = manifest["learned"]
        files = manifest["files"]
        catalog = Catalog.from_tables(_read_tables(path, files, "catalog"))
        difficulty = DifficultyTable.from_tables(
            tables=_read_tables(path, files, "difficulty"), **learned["difficulty"]
        )
        if (difficulty.item_ids, difficulty.skill_ids) != (catalog.item_ids, catalog.skill_ids):
            raise ValueError("its difficulty table is of other items or skills than its catalogue")
        skills = None
        if learned["skills"] is not None:
            skills = SkillModel.from_parts(
                learned["skills"], _read_arrays(path, files, "skills"), difficulty, catalog
            )
        views = {}
        for name, said in learned["views"].items():
            view = VIEWS.get(said["kind"])
            if view is None:
                raise ValueError(
                    f"view {name} is of kind {said['kind']!r}, this engine knows {', '.join(sorted(VIEWS))}"
                )
            views[name] = view.from_arrays(
                view.config_class().model_validate(said["config"]), _read_arrays(path, files, f"views/{name}")
            )
            if views[name].score(Histories.of(History.empty())).shape != (1, catalog.n_modules):
                raise ValueError(f"view {name} does not score the modules of the catalogue")
        ranking = RankingConfig.model_validate(learned["ranking"])
        ranker, use = None, None
        if arrays := _read_arrays(path, files, "ranker"):
            n_features = len(feature_names(sorted(views)))
            ranker = Ranker.from_arrays(ranking.ranker, arrays, n_views=len(views), n_features=n_features)
            use = ModuleUse(np.array(arrays["use"]), np.array(arrays["use_end"]))
            use.check(catalog.n_modules)
        gain = None
        if arrays := _read_arrays(path, files, "gain"):
            gain = GainModel.from_arrays(arrays, catalog)
        return cls(catalog, difficulty, skills, views, ranking, manifest, path, ranker, use, gain)


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BundleError(
            f"{path} holds no {MANIFEST}, so it is no bundle; name a directory that train wrote"
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise BundleError(f"{path / MANIFEST} cannot be read ({error}); train the bundle again") from error
    version = manifest.get("format") if isinstance(manifest, dict) else None
    if not isinstance(version, int) or version < 1:
        raise BundleError(f"{path / MANIFEST} names no format, so it is no bundle of this engine")
    if version > FORMAT_VERSION:
        raise BundleError(
            f"bundle {path} has format {version}, this engine reads {FORMAT_VERSION}; update the engine"
        )
    if version < FORMAT_VERSION:
        raise BundleError(
            f"bundle {path} has format {version}, this engine reads {FORMAT_VERSION}; train it again"
        )
    return dict(manifest)


def _verify(path: Path, manifest: Mapping[str, Any]) -> None:
    files = manifest.get("files")
    if not isinstance(files, dict) or "learned" not in manifest:
        raise BundleError(f"{path / MANIFEST} names no files; train the bundle again")
    if _identity(manifest) != manifest.get("id"):
        raise BundleError(f"{path / MANIFEST} was changed after training; copy it again or train it again")
    for name, expected in files.items():
        file = path / name
        if not file.resolve().is_relative_to(path.resolve()) or not file.is_file():
            raise BundleError(f"bundle {path} lacks {name}; copy it again or train it again")
        if _sha256(file) != expected:
            raise BundleError(
                f"{name} of bundle {path} is not what its manifest says; copy it again or train it again"
            )


def _identity(content: Mapping[str, Any]) -> str:
    named = {key: content[key] for key in ("format", "learned", "files")}
    return hashlib.sha256(json.dumps(named, sort_keys=True).encode()).hexdigest()[:16]


def _put(temporary: Path, target: Path, attic: Path) -> None:
    """Move a finished bundle to its place; never remove a sound one, which may be serving."""
    try:
        temporary.replace(target)
    except OSError:
        if _is_sound(target):
            (temporary / MANIFEST).replace(target / MANIFEST)
        else:
            target.replace(attic / "damaged")
            temporary.replace(target)


def _is_sound(path: Path) -> bool:
    try:
        _verify(path, _read_manifest(path))
    except BundleError:
        return False
    return True


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _write_tables(path: Path, tables: Mapping[str, Any]) -> None:
    path.mkdir()
    for name, table in sorted(tables.items()):
        pq.write_table(
            table.replace_schema_metadata(None),
            path / f"{name}.parquet",
            compression="zstd",
            store_schema=False,
        )


def _write_arrays(path: Path, arrays: Mapping[str, Any]) -> None:
    path.mkdir(parents=True)
    for name, array in sorted(arrays.items()):
        np.save(path / f"{name}.npy", np.ascontiguousarray(array), allow_pickle=False)


def _read_tables(path: Path, files: Iterable[str], folder: str) -> dict[str, Any]:
    return {f.stem: pq.read_table(f) for f in _listed(path, files, folder)}


def _read_arrays(path: Path, files: Iterable[str], folder: str) -> dict[str, Any]:
    return {f.stem: np.load(f, mmap_mode="r", allow_pickle=False) for f in _listed(path, files, folder)}


def _listed(path: Path, files: Iterable[str], folder: str) -> list[Path]:
    """Files of a folder that the manifest names: what it does not name is never read."""
    return [path / name for name in sorted(files) if str(PurePosixPath(name).parent) == folder]
