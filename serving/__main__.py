"""``python -m serving``."""

from __future__ import annotations

from serving.cli import app

if __name__ == "__main__":
    app(prog_name="python -m serving")
