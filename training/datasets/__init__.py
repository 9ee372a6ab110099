"""Datasets: load, check, normalise, write and import them.

The format itself is declared in `recommender.domain.dataset_format`.
"""

from training.datasets.dataset import Dataset, Finding
from training.datasets.load import load_dataset
from training.datasets.write import write_dataset

__all__ = ["Dataset", "Finding", "load_dataset", "write_dataset"]
