"""A simulated organisation on a catalogue, honestly labelled: see docs/guides/simulation.md."""

from training.datasets.sample.parameters import Parameters
from training.datasets.sample.simulate import CATALOG, SampleConfig, simulate

__all__ = ["CATALOG", "Parameters", "SampleConfig", "simulate"]
