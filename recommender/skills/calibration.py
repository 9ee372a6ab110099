"""Platt scaling: a logit becomes a probability that means what it says.

Platt 1999 ("Probabilistic outputs for support vector machines", section 2): p = 1 / (1 + exp(-(a f + b))),
with a and b fitted by maximum likelihood on rows the model has not seen. It is strictly increasing for
a > 0, so the order of predictions, and with it AUC, stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PlattScaling:
    """``expit(slope * logit + offset)``.

    >>> PlattScaling(2.0, 0.0).predict(np.array([0.0]))
    array([0.5])
    """

    slope: float = 1.0
    offset: float = 0.0

    @classmethod
    def fit(cls, logit: Floats, passed: Floats) -> Self:
        """Fit on held-out rows; with one class only, or a slope below 0, nothing is changed."""
        from sklearn.linear_model import LogisticRegression

        if len(np.unique(passed)) < 2:
            return cls()
        # A penalty this weak only keeps separable data finite.
        model = LogisticRegression(C=1e4).fit(logit[:, None], passed)
        slope, offset = float(model.coef_[0, 0]), float(model.intercept_[0])
        return cls(slope, offset) if slope > 0 else cls()

    def logit(self, logit: Floats) -> Floats:
        """Calibrated logit, same shape."""
        return self.slope * logit + self.offset

    def predict(self, logit: Floats) -> Floats:
        """Calibrated probability, same shape, in (0, 1)."""
        probability: Floats = expit(self.logit(logit))
        return probability
