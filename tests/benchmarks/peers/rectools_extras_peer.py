"""Models of RecTools that need torch (SASRec, BERT4Rec) or a C compiler (LightFM)."""

import logging
import warnings

import torch
from exchange import Task
from lightfm import LightFM
from peer import Answer, grid, main
from rectools.models import BERT4RecModel, LightFMWrapperModel, SASRecModel
from rectools_asking import from_histories, from_learners

SMALL = {"n_blocks": 2, "n_heads": 2, "session_max_len": 50, "batch_size": 128, "deterministic": True}


def sasrec(task: Task, factors: int, epochs: int) -> Answer:
    """Self-attention over the sequence, softmax over the whole catalogue."""
    torch.manual_seed(0)
    return from_histories(SASRecModel(n_factors=factors, epochs=epochs, **SMALL), task)


def bert4rec(task: Task, factors: int, epochs: int) -> Answer:
    """Self-attention in both directions with masked modules."""
    torch.manual_seed(0)
    return from_histories(BERT4RecModel(n_factors=factors, epochs=epochs, **SMALL), task)


def lightfm(task: Task, factors: int, epochs: int) -> Answer:
    """Factorisation by the WARP loss, without features."""
    model = LightFM(no_components=factors, loss="warp", random_state=0)
    return from_learners(LightFMWrapperModel(model, epochs=epochs), task)


if __name__ == "__main__":
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="pytorch_lightning")
    main(
        {
            "rectools_sasrec": (sasrec, grid(factors=(64,), epochs=(10, 30))),
            "rectools_bert4rec": (bert4rec, grid(factors=(64,), epochs=(30,))),
            "rectools_lightfm": (lightfm, grid(factors=(32, 64, 128), epochs=(10, 30, 100))),
        }
    )
