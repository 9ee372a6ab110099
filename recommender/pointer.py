"""The pointer file: which bundle serves. A promotion replaces it in one step, serving watches it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from recommender.errors import BundleError


class Pointer(BaseModel):
    """Content of the pointer file, JSON; `bundle` is absolute or relative to the file's directory."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    bundle: Annotated[str, StringConstraints(min_length=1)]
    bundle_id: str
    version: int | None = None
    alias: str = "champion"


def read_pointer(path: Path) -> Pointer:
    """Read a pointer file.

    Raises
    ------
    BundleError
        If it is not one.
    """
    try:
        return Pointer.model_validate_json(path.read_bytes())
    except OSError as error:
        raise BundleError(f"pointer {path} cannot be read ({error}); promote the model again") from None
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in fault["loc"])
        what = f"{field}: {fault['msg']}" if field else fault["msg"]
        raise BundleError(f"pointer {path}: {what}; promote the model again") from None
