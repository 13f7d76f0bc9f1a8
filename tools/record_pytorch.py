"""Record what PyTorch says to the boxes "In PyTorch", for machines that have no PyTorch.

    python tools/record_pytorch.py

It needs torch and transformers beside the course's own packages, and writes
tests/pytorch_values.json. tests/test_pytorch_boxes.py says when it has to be run again.
"""

import json
import sys
from pathlib import Path

HOME = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(HOME), str(HOME / "tests")]

import pytorch_boxes as boxes  # noqa: E402  (found through the path set above)


def finite(value):
    """Nested lists of numbers to twelve digits, -inf as None: JSON has no infinities."""
    if isinstance(value, list):
        return [finite(entry) for entry in value]
    return None if value == float("-inf") else float(f"{value:.12g}")


def record():
    """{chapter: fingerprint of its box, and the values of its pairs}."""
    import torch
    import transformers

    found = {"torch": torch.__version__, "transformers": transformers.__version__}
    for chapter in range(1, 11):
        values = [finite(value.tolist()) for value in boxes.by_torch(chapter)]
        found[str(chapter)] = {"box": boxes.fingerprint(boxes.code(chapter)), "values": values}
    return found


if __name__ == "__main__":
    lines = (f'"{key}": {json.dumps(value)}' for key, value in record().items())
    boxes.VALUES.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print(f"wrote {boxes.VALUES.relative_to(HOME)}")
