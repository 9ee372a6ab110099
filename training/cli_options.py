"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DataDirectory = Annotated[Path, typer.Option("--data", help="Directory of the dataset.")]
JsonFile = Annotated[Path | None, typer.Option("--json", help="Write the result here for machines.")]
