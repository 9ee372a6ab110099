"""Python's garbage collector and what stays as long as a model serves."""

from __future__ import annotations

import gc

_NEW_OBJECTS = 50_000


def set_aside() -> None:
    """Let the collector pass over what is there now, after collecting what is not needed.

    Model, catalogue and compiled code are a million objects that live until the next swap. Looked at again
    and again, they make one request in some hundred wait for a tenth of a second.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    # A request makes some thousand objects, nearly none of them in a cycle.
    gc.set_threshold(_NEW_OBJECTS)
