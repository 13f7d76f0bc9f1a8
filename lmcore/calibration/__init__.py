"""Whether a model is right as often as it says, and the one number that corrects it (chapter 6)."""

from lmcore.calibration.measures import (
    BrierDecomposition,
    Reliability,
    brier_decomposition,
    brier_score,
    ece_floor,
    expected_calibration_error,
    maximum_calibration_error,
    reliability,
    wilson_interval,
)
from lmcore.calibration.temperature import (
    fit_temperature,
    search_temperature,
    temperature_nll,
    top_label,
)

__all__ = [
    "BrierDecomposition",
    "Reliability",
    "brier_decomposition",
    "brier_score",
    "ece_floor",
    "expected_calibration_error",
    "fit_temperature",
    "maximum_calibration_error",
    "reliability",
    "search_temperature",
    "temperature_nll",
    "top_label",
    "wilson_interval",
]
