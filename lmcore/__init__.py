"""The numerical core of a course on language-model probability: one module per chapter.

Pure NumPy. Modules, in the book's order: `distributions`, `factorization`, `softmax`, `likelihood`,
`information`, `scoring` and `calibration`, `decoding`, `models`, `conditioning`, `diagnostics`;
beside them `data` and `plotting`. Import the module you need (`from lmcore import softmax`):
nothing is loaded before.
"""

# the one place: pyproject.toml reads it, a test compares CITATION.cff and _config.yml with it
__version__ = "0.1.0"
