"""Names for the types that the signatures of lmcore are written in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.floating[Any]]
Integers: TypeAlias = NDArray[np.integer[Any]]
Bools: TypeAlias = NDArray[np.bool_]
Array = TypeVar("Array", bound=NDArray[Any])

# A language model: the ids so far -> the log-probabilities of the next token, (V,) nats.
NextLogProbs: TypeAlias = Callable[[tuple[int, ...]], ArrayLike]
# The parameters, gradients or moments of a network, by name.
Params: TypeAlias = dict[str, Floats]
