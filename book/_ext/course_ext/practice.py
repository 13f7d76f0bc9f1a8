"""The directive {practice} `ex-label`.

An exercise to solve in the page, with tests that explain what is wrong.

    ```{practice} ex-merge
    def merged(a, b):
        raise NotImplementedError
    ---
    results = [check.example("two equal halves", lambda: merged(0.0, 0.0), np.log(2), "…")]
    ```

Above the line stands what the reader starts from, below it the checks, made with `lmcore.check` as
in the assignments; `np` and `check` are there already. Without a script, on paper and in an e-book
only the upper part shows.
"""

from __future__ import annotations

import json

from docutils import nodes
from sphinx.util.docutils import SphinxDirective


class Practice(SphinxDirective):
    has_content = True
    required_arguments = 1

    def run(self):
        start, line, tests = "\n".join(self.content).partition("\n---\n")
        if not line or "results" not in tests:
            raise self.error(
                "practice: write the starting code, a line ---, and checks that end in a list named"
                " results"
            )
        for part, name in ((start, "starting code"), (tests, "checks")):
            try:
                compile(part, name, "exec")
            except SyntaxError as problem:
                raise self.error(f"practice: the {name} is not Python: {problem}") from None
        label = self.arguments[0].strip()
        box = nodes.container(classes=["practice"], ids=[f"practice-{label}"])
        box["exercise"] = label
        box += nodes.literal_block(start, start, language="python")
        hidden = json.dumps({"exercise": label, "tests": tests.strip()}).replace("<", "\\u003c")
        box += nodes.raw(
            "",
            f'<script type="application/json" class="practice-tests">{hidden}</script>',
            format="html",
        )
        return [box]


def setup(app):
    app.add_directive("practice", Practice)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
