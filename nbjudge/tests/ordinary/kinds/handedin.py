"""What happens to notebooks in students' hands, honestly: cells added, moved, copied, retyped."""

from ..kind import (
    Copy,
    Deleted,
    Edited,
    Moved,
    Own,
    Retyped,
    Saved,
    Turned,
    answer,
    code,
    kind,
    test,
    text,
    work,
)

AREA = r"""
def area(r):
    ### BEGIN SOLUTION
    return 3 * r * r
    ### END SOLUTION
"""
VOLUME = r"""
def volume(r):
    "Uses area."
    ### BEGIN SOLUTION
    return 4 * area(r) * r / 3
    ### END SOLUTION
"""
RIGHT_AREA = "def area(r):\n    return r * 3 * r"
WRONG_AREA = "def area(r):\n    return 6 * r"
CELLS = (
    text("# Spheres", "title"),
    code("units = 'cm'", "setup"),
    answer("area", AREA),
    test("area-test", 2, "assert area(2) == 12\nassert area(1) == 3"),
    answer("volume", VOLUME),
    test("volume-test", 2, "assert volume(3) == 108\nassert units == 'cm'"),
)

KINDS = [
    kind(
        "handedin-own-cells",
        "Students add cells of their own: scratch work, helpers, notes.",
        *CELLS,
        right_helper=work(
            {"area": "def area(r):\n    return square(r) * 3"},
            Own("def square(x):\n    return x * x", before="area"),
        ),
        right_scratch=work(
            {},
            Own("area(10)\nvolume(1)", after="volume"),
            Own("My notes: *fine*", after="area", cell_type="markdown"),
            Own("print('done')", after="volume-test"),
        ),
        wrong_helper_too_late=work(
            {"area": "def area(r):\n    return square(r) * 3"},
            Own("def square(x):\n    return x * x", after="area-test"),
        ),
        wrong_later_definition=work({}, Own(WRONG_AREA, before="area-test")),
    ),
    kind(
        "handedin-errors-in-own-cells",
        "Cells of the student's own fail before the tests: NameError, input(), sys.exit.",
        *CELLS,
        right_name_error=work({}, Own("undefined_name", before="area-test")),
        right_input=work({}, Own("name = input('Your name: ')", before="area")),
        right_exit=work({}, Own("import sys\nsys.exit(1)", before="area-test")),
        right_syntax=work({}, Own("for in range(3)\n    print", before="area")),
        right_zero=work({}, Own("area(1) / 0", after="volume")),
        wrong_deletes=work({}, Own("del area", before="area-test")),
        wrong_reset=work({}, Own("%reset -f", before="area-test")),
    ),
    kind(
        "handedin-errors-in-answers",
        "An answer's cell fails, before or after it has defined what is asked.",
        *CELLS,
        right_after=work({"area": RIGHT_AREA + "\n\nprint(area('x'))\nraise ValueError"}),
        right_stub_left=work(
            {"area": RIGHT_AREA + "\n\n# YOUR CODE HERE\nraise NotImplementedError()"}
        ),
        wrong_syntax={"area": "def area(r)\n    return 3 * r * r"},
        wrong_indentation={"area": "def area(r):\nreturn 3 * r * r"},
        wrong_import={"area": "import no_such_module\n\ndef area(r):\n    return 3 * r * r"},
        wrong_stub_in_function={
            "area": r"""
def area(r):
    # YOUR CODE HERE
    raise NotImplementedError()
    return 3 * r * r
"""
        },
        wrong_tabs={"volume": "def volume(r):\n\tif r:\n        return 108\n\treturn 0"},
    ),
    kind(
        "handedin-retyped",
        "An answer's cell was deleted and typed again, so its metadata are gone.",
        *CELLS,
        right_one=work({"area": RIGHT_AREA}, Retyped("area")),
        right_both=work({}, Retyped("area"), Retyped("volume")),
        right_with_remark=work({}, Retyped("area"), Own("# rewritten", before="area-test")),
        wrong=work({"area": WRONG_AREA}, Retyped("area")),
    ),
    kind(
        "handedin-copied",
        "Plain copies of an answer before and after the tests: the kernel's order decides.",
        *CELLS,
        right_after_the_tests=work({}, Own(WRONG_AREA, after="volume-test")),
        wrong_after_one_test=work({}, Own(WRONG_AREA, after="area-test")),
        right_corrected=work({"area": WRONG_AREA}, Own(RIGHT_AREA, before="area-test")),
        wrong_corrected_too_late=work({"area": WRONG_AREA}, Own(RIGHT_AREA, after="area-test")),
        right_stub_above=work(
            {}, Own("def area(r):\n    raise NotImplementedError()", before="area")
        ),
    ),
    kind(
        "handedin-copied-with-metadata",
        "A cell was copied with its metadata, as Jupyter does it: stock refuses the notebook.",
        *CELLS,
        right_plain_copy=work({}, Own(WRONG_AREA, after="volume-test")),
        wrong_plain_copy=work({}, Own(WRONG_AREA, after="area-test")),
        refused_answer_last=work(
            {}, Copy("area", "volume-test", WRONG_AREA), like="right plain copy"
        ),
        refused_answer_between=work(
            {}, Copy("area", "area-test", WRONG_AREA), like="wrong plain copy"
        ),
        refused_answer_below=work(
            {"area": WRONG_AREA}, Copy("area", "area", RIGHT_AREA), like="right"
        ),
        refused_test=work({}, Copy("area-test", "area"), like="right"),
        refused_text=work({}, Copy("title", "volume-test"), like="right"),
    ),
    kind(
        "handedin-moved",
        "Answers in another order than in the release.",
        *CELLS,
        right_answers_first=work({}, Moved("volume", "area")),
        right_texts_last=work({}, Moved("title", "volume-test")),
        moved_answer_below_its_test=work({}, Moved("area", "area-test"), kinder=True),
        moved_test_to_the_top=work({}, Moved("area-test", "title"), kinder=True),
    ),
    kind(
        "handedin-deleted",
        "Cells are missing: an answer, a test, the set-up.",
        *CELLS,
        wrong_answer=work({}, Deleted("area")),
        missing_test=work({}, Deleted("area-test"), kinder=True),
        missing_setup=work({}, Deleted("setup"), kinder=True),
        right_title=work({}, Deleted("title")),
    ),
    kind(
        "handedin-tests-changed",
        "The student changed tests, points and read-only cells: the author's count.",
        *CELLS,
        wrong_tests_weakened=work(
            {"area": WRONG_AREA}, Edited("area-test", "assert True"), Edited("volume-test", "4")
        ),
        right_tests_broken=work({}, Edited("area-test", "assert area(2) == 13")),
        right_setup_changed=work({}, Edited("setup", "units = 'inch'")),
        right_prints_added=work({}, Edited("area-test", "print(area(2))\nassert area(2) == 12")),
    ),
    kind(
        "handedin-cell-type",
        "A cell was turned into text or raw by a slip of the keyboard.",
        *CELLS,
        right_answer=work({}, Turned("area", "markdown")),
        right_raw=work({}, Turned("area", "raw")),
        right_test=work({}, Turned("area-test", "markdown")),
    ),
    kind(
        "handedin-saved-elsewhere",
        "Saved by Colab, VS Code, an old Jupyter, or with the kernel of a conda environment.",
        *CELLS,
        right_colab=work({}, Saved("colab")),
        right_vscode=work({}, Saved("vscode")),
        right_old=work({}, Saved("old")),
        right_conda=work({}, Saved("conda")),
        right_executed=work({}, Saved("executed")),
        wrong_colab=work({"area": WRONG_AREA}, Saved("colab")),
    ),
    kind(
        "handedin-replaced-setup",
        "The student overwrites what the author's set-up gave, as the task asks.",
        code("rate = 0\nnames = []", "setup"),
        text("Set `rate` to 5 % and put two names into `names`."),
        answer(
            "settings",
            r"""
### BEGIN SOLUTION
rate = 0.05
names = names + ["Ada", "Bob"]
### END SOLUTION
""",
        ),
        test("settings-rate", 1, "assert rate == 0.05"),
        test("settings-names", 1, "assert len(names) == 2 and names[0] == 'Ada'"),
        right_in_an_own_cell=work(
            {"settings": "pass"}, Own("rate = 5 / 100\nnames += ['Ada', 'B']", after="settings")
        ),
        wrong={"settings": "rate = 5"},
    ),
    kind(
        "handedin-leftovers",
        "Debris that does no harm: prints, timers, figures, widgets of text, seeds, long outputs.",
        *CELLS,
        right_prints={
            "area": r"""
def area(r):
    print("area called with", r)
    import sys
    print("debug", file=sys.stderr)
    return 3 * r * r
"""
        },
        right_long_output=work(
            {}, Own("for i in range(20_000):\n    print(i, end=' ')", before="area")
        ),
        right_figure=work(
            {},
            Own(
                "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()", before="area-test"
            ),
        ),
        right_warning=work({}, Own("import warnings\nwarnings.warn('old')", before="area-test")),
        right_own_asserts=work({}, Own("assert area(3) == 27\nassert area(0) == 1", after="area")),
        right_shadowed_builtins=work({}, Own("list = [1]\nid = 7\nprint_ = print", before="area")),
    ),
    kind(
        "handedin-endless",
        "A loop without end costs the test that calls it, or the cell it stands in.",
        *CELLS,
        wrong_in_a_function={
            "area": r"""
def area(r):
    total = 0
    while total < 3 * r * r or r == 1:
        total += 1
    return total
"""
        },
        right_in_an_own_cell=work({}, Own("while True:\n    pass", after="volume")),
    ),
]
