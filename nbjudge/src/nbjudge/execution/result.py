"""What grading one notebook gives.

Plain data, written and read without loss, with a seal against half-written files.
"""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

from nbjudge.files import replace


@dataclass(frozen=True)
class Result:
    """The outcome of one notebook.

    Attributes
    ----------
    key : str
        Hash of everything it depends on: the spec, the submission, nbjudge and the local modules
        that the spec imports.
    cells : list of dict
        The notebook that was run, with outputs, in nbformat's form.
    scores : dict of str to (float or None)
        Points by grade_id; None where a person has to decide.
    comments : dict of str to (str or None)
        nbgrader's automatic comments ("No response.") by grade_id of the answers.
    limits : list of str
        Limits that were hit.
    flags : list of str
        For the instructor: repairs, limits, suspicions. Nothing here changes a score.
    seconds : float
        Time it took.
    tests : dict of str to dict
        By grade_id of the tests: error, what could not cross, whether objects compared themselves
        or were asked, whether the test was repeated inside.
    remembered : dict of str to dict
        By module: what the tests' references answered, of a result that was to bring it.
    isolation : str
        The level of isolation that it was graded at.
    """

    key: str
    student: str
    chapter: str
    notebook: str
    timestamp: str | None
    cells: list
    scores: dict
    comments: dict
    limits: list = field(default_factory=list)
    flags: list = field(default_factory=list)
    seconds: float = 0.0
    fingerprints: list = field(default_factory=list)
    tests: dict = field(default_factory=dict)
    remembered: dict = field(default_factory=dict)
    isolation: str = ""

    def save(self, path):
        """Write to a file, whole or not at all, and on the disk when this returns."""
        body = json.dumps({**vars(self), "remembered": {}})
        seal = hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest()
        replace(path, f"{seal}\n{body}", at_once=True)

    @classmethod
    def load(cls, path):
        """Read from a file; None if it is missing, cut short or altered."""
        try:
            seal, _, body = (
                Path(path).read_text(encoding="utf-8", errors="surrogatepass").partition("\n")
            )
        except (OSError, UnicodeError):
            return None
        if hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest() != seal:
            return None
        return cls(**json.loads(body))
