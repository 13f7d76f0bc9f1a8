"""Settings of the course for nbgrader: `nbgrader …` run in this folder reads them, and so does
`make grade`.
"""

from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbgrader.preprocessors import GetGrades
from nbjudge.nbgrader_hooks import HideHiddenTests, LatePenalty, inert

c = get_config()  # noqa: F821  (nbgrader puts it there)

# Folders. submitted/, autograded/, feedback/ and gradebook.db keep nbgrader's names.
c.CourseDirectory.course_id = "lm-probability"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"

# formgrader's Autograde button and `nbgrader autograde` grade as nbjudge does: in the sandbox.
c.Autograde.exporter_class = "nbjudge.nbgrader_hooks.Sandboxed"

# Students see their code, their scores and our messages, not the hidden tests; HTML and scripts
# they typed stay inert.
c.GenerateFeedback.preprocessors = [HideHiddenTests, GetGrades, CSSHTMLHeaderPreprocessor]
c.HTMLExporter.sanitize_html = True
# nbgrader's template forgets written answers
c.HTMLExporter.filters = {"strip_files_prefix": inert}

# Seconds a cell may run, and a kernel may take to start on a busy machine.
c.Execute.timeout = 60
c.Execute.startup_timeout = 120
c.Execute.extra_arguments = ["--HistoryManager.hist_file=:memory:", "--IPKernelApp.log_level=40"]

# What tests compare with and answers should not call; data that every process loads from memory.
c.NbJudge.reference = "lmcore"
c.NbJudge.preload = ["lmcore.data.smollm2", "lmcore.data.bigrams", "lmcore.data.speeches"]

# What students get beside the releases: `nbjudge bundle` packs it.
c.NbJudge.bundle = [
    "LICENSE",
    "README.md",
    "book/students.md",
    "lmcore",
    "nbgrader_config.py",
    "nbjudge/README.md",
    "nbjudge/pyproject.toml",
    "nbjudge/src",
    "pyproject.toml",
]

# A tenth of the score for each day begun after the due date, never more than half. No due date, no
# penalty.
c.AssignLatePenalties.plugin_class = LatePenalty
c.LatePenalty.per_day = 0.1
c.LatePenalty.at_most = 0.5
