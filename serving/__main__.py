"""``python -m serving``."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    try:
        # Here, because Ctrl-C may come before everything is imported.
        from serving.cli import app

        app(prog_name="python -m serving")
    except KeyboardInterrupt:
        sys.exit(130)
