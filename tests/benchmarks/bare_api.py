"""The least that FastAPI does for a call of the size of a recommendation: what ours is held against."""

from __future__ import annotations

import argparse
import json
import os
import socket
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors import Multiprocess

from serving.schemas.recommendations import RecommendationRequest, RecommendationResponse

ANSWER = "BARE_API_ANSWER"


def app() -> FastAPI:
    """Return an app that answers every request with the answer in the file that `ANSWER` names."""
    answer = RecommendationResponse.model_validate(json.loads(Path(os.environ[ANSWER]).read_text()))
    bare = FastAPI()

    @bare.post("/v1/recommendations")
    async def recommend(request: RecommendationRequest) -> RecommendationResponse:
        return answer

    return bare


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    config = uvicorn.Config(
        "tests.benchmarks.bare_api:app",
        factory=True,
        port=given.port,
        workers=given.workers,
        log_level="warning",
        access_log=False,
    )
    listening = config.bind_socket()
    # With several workers uvicorn does not, and each answer would wait 40 ms, see `serving.commands.run`.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if given.workers == 1:
        uvicorn.Server(config).run([listening])
    else:
        Multiprocess(config, [listening]).run()


if __name__ == "__main__":
    main()
