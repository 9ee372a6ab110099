"""Places that a command is told to write to, checked before the work is done."""

from __future__ import annotations

from pathlib import Path

from recommender.errors import ConfigurationError


def check_writable(path: Path | None, option: str) -> None:
    """Refuse a file that could not be written when the work is done.

    Parameters
    ----------
    path : Path, optional
        The file; directories above it that are not there yet will be made. None means that none is asked for.
    option : str
        The option that named it, such as ``--json``.

    Raises
    ------
    ConfigurationError
        `path` is a directory, or something above it is a file.

    Examples
    --------
    >>> check_writable(Path("/"), "--json")
    Traceback (most recent call last):
    recommender.errors.ConfigurationError: --json / is a directory; name a file
    """
    if path is None:
        return
    if path.is_dir():
        raise ConfigurationError(f"{option} {path} is a directory; name a file")
    for above in path.parents:
        if above.is_dir():
            return
        if above.exists() or above.is_symlink():
            raise ConfigurationError(
                f"{option} {path} cannot be written: {above} is a file; name another place"
            )
