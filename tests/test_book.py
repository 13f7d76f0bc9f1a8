"""The book keeps its promises.

Titles, equations with their functions, mistakes, symbols, terms, figures, practice.

Each check is a function from a chapter to complaints, and the last tests hand each of them a text
that is wrong in just its way.
"""

import ast
import copy
import hashlib
import inspect
import itertools
import json
import re

import pytest
from bookreader import (
    CHAPTERS,
    HOME,
    TITLES,
    code,
    equations,
    formulas,
    markdown,
    notebooks,
    opener,
    prose,
    review,
    sections,
    sentences,
    setup_cell,
    symbols,
    without_code,
    word_list,
)
from test_docstrings import PLACE, public_modules, public_objects

SEEDS = json.loads((HOME / "tests" / "seed_fingerprints.json").read_text())


def number(chapter):
    return f"{chapter:02d}"


@pytest.fixture(params=CHAPTERS, ids=number)
def chapter(request):
    return request.param


def whole(chapter):
    """All Markdown of a chapter."""
    texts = (markdown(parts) for parts in sections(chapter).values())
    return "\n\n".join([opener(chapter), *texts, review(chapter)])


# --- sections ---


def wrong_titles(chapter, found):
    """Labels and titles of a chapter's notebooks that are not the five of the map, in order."""
    headings = [
        re.findall(r"(?m)^(?:\((section-[\d.]+)\)=\n)?# (.+)$", cell.source)
        for notebook in found.values()
        for cell in notebook.cells[:1]
    ]
    wanted = [
        [(f"section-{chapter}.{k}", f"{chapter}.{k} {title}")]
        for k, title in enumerate(TITLES[CHAPTERS[chapter]], start=1)
    ]
    return [] if headings == wanted else [f"has the sections {headings}, the map {wanted}"]


def poor_setup(section, notebook):
    """A set-up that does more before `plotting.use_style()` than to import, or never calls it."""
    statements = ast.parse(setup_cell(notebook).source).body
    others = [line for line in statements if not isinstance(line, (ast.Import, ast.ImportFrom))]
    if not others or ast.unparse(others[0]) != "plotting.use_style()":
        return [f"{section}: the first code cell is not imports and then plotting.use_style()"]
    return []


def lacking(section, parts):
    """What a section must have and has not."""
    found = []
    text = markdown(parts)
    # what does not fit into a section is folded, and read by choice
    folded = r"(?ms)^(:{3,})\{admonition\}[^\n]*\n:class: further dropdown\n.*?^\1$"
    words = len(word_list(prose(re.sub(folded, "", text))))
    if not 330 <= words <= 950:
        found.append(f"{section}: {words} words of prose; a section has 350 to 900")
    if not equations(text):
        found.append(f"{section}: no numbered equation")
    if not re.search(r"(?m)^\s*assert |np\.testing\.assert", code(parts)):
        found.append(f"{section}: no cell that asserts")
    for kind in ("question", "mistake", "remember"):
        if f":class: {kind}" not in text:
            found.append(f"{section}: no {kind} box")
    mistake = next((i for i, part in enumerate(parts) if ":class: mistake" in part.text), None)
    if mistake is not None and not any(part.kind == "code" for part in parts[mistake + 1 :]):
        found.append(f"{section}: the mistake is told and not made: no code cell after its box")
    return found


def test_five_sections_under_their_titles(chapter):
    assert wrong_titles(chapter, notebooks(chapter)) == []


def test_each_section_sets_itself_up(chapter):
    assert [
        line
        for section, notebook in notebooks(chapter).items()
        for line in poor_setup(section, notebook)
    ] == []


def test_each_section_asks_derives_asserts_errs_and_concludes(chapter):
    assert [
        line for section, parts in sections(chapter).items() for line in lacking(section, parts)
    ] == []


# --- equation, function, docstring ---


def library():
    """{qualified name: sections that its docstring names} of every public function and class of
    lmcore.
    """
    found = {}
    for module in public_modules():
        for name, value in public_objects(module):
            place = PLACE.search(inspect.getdoc(value) or "")
            found[f"{module}.{name}"] = re.findall(r"\d+\.\d", place.group(1)) if place else []
    return found


def functions_beside(label, text):
    """`lmcore` functions named in paragraphs that refer to an equation, or in the one that follows
    it.
    """
    paragraphs = re.split(r"\n\s*\n", text)
    near = [p for p in paragraphs if f"{{eq}}`{label}`" in p]
    near += [after for before, after in zip(paragraphs, paragraphs[1:]) if f"({label})" in before]
    return {name for p in near for name in re.findall(r"`(lmcore(?:\.\w+)+)`", p)}


def orphan_equations(section, text, places):
    """Equations without a function whose docstring leads back to this section, and functions that
    do not exist.
    """
    found = [
        f"{section}: {name} is not a public function of lmcore"
        for name in re.findall(r"`(lmcore(?:\.\w+)+)`", text)
        if name not in places and not is_module(name) and name.rpartition(".")[0] not in places
    ]
    for label in equations(text):
        named = functions_beside(label, text)
        owners = {name if name in places else name.rpartition(".")[0] for name in named}
        if not any(section in places.get(name, ()) for name in owners):
            found.append(
                f"{section}: equation {label} has no lmcore function whose docstring names the"
                f" section (beside it: {', '.join(sorted(named)) or 'none'})"
            )
    return found


def is_module(name):
    path = HOME / name.replace(".", "/")
    return path.is_dir() or path.with_suffix(".py").is_file()


def orphan_functions(places, texts):
    """Functions that no section named by their docstring mentions; `texts` holds the sections
    written so far.
    """
    found = []
    for name, where in places.items():
        last = name.rpartition(".")[2]
        if name.startswith(("lmcore.data", "lmcore.plotting")) or not set(where) <= set(texts):
            continue
        if where and not any(re.search(rf"\b{last}\b", texts[section]) for section in where):
            found.append(f"{name}: names {', '.join(where)}, where nothing names it")
    return found


def test_every_equation_has_its_function(chapter):
    places = library()
    assert [
        line
        for section, parts in sections(chapter).items()
        for line in orphan_equations(section, markdown(parts), places)
    ] == []


def test_every_function_is_met_in_its_section():
    texts = {
        section: markdown(parts) + code(parts)
        for chapter in CHAPTERS
        for section, parts in sections(chapter).items()
    }
    assert orphan_functions(library(), texts) == []


def test_labels_are_unique():
    labels = [
        label
        for chapter in CHAPTERS
        for parts in sections(chapter).values()
        for label in equations(markdown(parts))
    ]
    assert sorted(labels) == sorted(set(labels))


# --- symbols and terms ---


def undefined_symbols(section, text, known):
    """Letters in formulas that the notation page does not explain.

    A bar, for a mean, may stand over any of its letters.
    """
    unknown = {}
    for formula in formulas(text):
        for symbol in symbols(formula) - known:
            if not (symbol.startswith("\\bar ") and symbol[5:] in known):
                unknown.setdefault(symbol, formula.strip()[:70])
    return [
        f"{section}: {symbol} in ${formula}$ is not on the notation page"
        for symbol, formula in sorted(unknown.items())
    ]


def notation():
    return {
        symbol
        for formula in formulas((HOME / "book/notation.md").read_text())
        for symbol in symbols(formula)
    }


def twice_listed(page):
    """Symbols that stand in two rows of the notation page which name the same first section."""
    seen, found = set(), []
    for shown, place in re.findall(r"(?m)^\| (\$.*?) \|.*\| ([^|]*?) \|$", page):
        for key in itertools.product(
            set(re.findall(r"\$(.+?)\$", shown)), re.findall(r"\d+\.\d", place)
        ):
            if key in seen:
                found.append(f"{key[0]} has two rows for section {key[1]}")
            seen.add(key)
    return found


def test_no_symbol_has_two_meanings_in_one_section():
    page = (HOME / "book/notation.md").read_text(encoding="utf-8")
    assert twice_listed(page) == []
    assert twice_listed("| $a$ | one | x | 1.1 |\n| $a$, $b$ | two | y | 1.1 |\n")


def glossary():
    text = (HOME / "book/glossary.md").read_text(encoding="utf-8").partition(":sorted:")[2]
    return re.findall(r"(?m)^(?!```)(\S.*)\n(?=  \S)", text)


def second_names(page):
    """Pairs of glossary terms that share one explanation."""
    return re.findall(r"(?m)^(\w.*)\n(\w.*)\n(?=  \S)", page.partition(":sorted:")[2])


def test_an_entry_of_the_glossary_has_a_second_name_on_purpose():
    page = (HOME / "book/glossary.md").read_text(encoding="utf-8")
    assert second_names(page) == [("tied embeddings", "weight tying")]
    slipped_in = page.replace("\nweight tying\n", "\ntypical set\n  Others.\n\nweight tying\n")
    assert second_names(slipped_in) == [("tied embeddings", "typical set")]


def unknown_terms(text, terms):
    """Links to the glossary that lead to no entry of it."""
    known = {term.lower() for term in terms}
    links = re.findall(r"\{term\}`([^`<]*?)\s*(?:<([^>]*)>)?`", text)
    targets = {" ".join((target or shown).split()) for shown, target in links}
    return sorted(target for target in targets if target.lower() not in known)


def idle_terms(page, text):
    """Glossary terms that no page links; a second name may be there for the sorting alone."""
    links = re.findall(r"\{term\}`([^`<]*?)\s*(?:<([^>]*)>)?`", page + text)
    linked = {" ".join((target or shown).lower().split()) for shown, target in links}
    second = {name for _, name in second_names(page)}
    entries = re.findall(r"(?m)^(?!```)(\S.*)\n(?=  \S)", page.partition(":sorted:")[2])
    return [term for term in entries if term.lower() not in linked and term not in second]


def unlinked_terms(terms, chapters):
    """Glossary terms that the first chapter to use them does not link; `chapters` is [(name,
    Markdown)] in order.
    """
    found, met = [], set()
    for name, text in chapters:
        words = " ".join(prose(text).lower().split())
        linked = {
            (target or shown).strip().lower()
            for shown, target in re.findall(r"\{term\}`([^`<]*?)\s*(?:<([^>]*)>)?`", text)
        }
        for term in terms:
            if term not in met and re.search(rf"\b{re.escape(term.lower())}s?\b", words):
                met.add(term)
                if term.lower() not in linked:
                    found.append(
                        f"{name}: uses {term!r} for the first time without a link to the glossary"
                    )
    return found


def test_every_symbol_is_on_the_notation_page(chapter):
    known = notation()
    assert [
        line
        for section, parts in sections(chapter).items()
        for line in undefined_symbols(section, markdown(parts), known)
    ] == []


def test_links_to_terms_arrive(chapter):
    page = (HOME / "book/glossary.md").read_text(encoding="utf-8")
    entries = re.findall(r"(?m)^(?!```)(\S.*)$", page)  # an entry may have several names
    assert unknown_terms(whole(chapter), entries) == []
    assert unknown_terms("{term}`Logits <logit>`, {term}`no such word`", ["logit"]) != []


def test_each_term_of_the_glossary_is_linked_from_a_page():
    page = (HOME / "book/glossary.md").read_text(encoding="utf-8")
    book = "\n\n".join(map(whole, CHAPTERS))
    assert idle_terms(page, book) == []
    assert idle_terms(
        page.replace(":sorted:\n", ":sorted:\n\nsharpness\n  Of a peak.\n"), book
    ) == ["sharpness"]


def test_terms_lead_to_the_glossary_where_they_are_first_used():
    assert (
        unlinked_terms(glossary(), [(number(chapter), whole(chapter)) for chapter in CHAPTERS])
        == []
    )


# --- nothing twice, nothing from the seeds ---


def shared_sentences(texts):
    seen = {}
    for name, text in texts.items():
        for sentence in set(sentences(text)):
            seen.setdefault(sentence, []).append(name)
    return [
        f"{' and '.join(names)}: {sentence}" for sentence, names in seen.items() if len(names) > 1
    ]


def fingerprint(words):
    return hashlib.sha256(words.encode()).hexdigest()[:12]


def taken_from_seeds(name, text, seeds):
    """Runs of eight words that stand in the notes that the course grew from."""
    words = re.findall(r"[a-z']+", prose(text).lower())
    runs = {" ".join(words[i : i + 8]) for i in range(len(words) - 7)}
    return [f"{name}: {run}" for run in sorted(runs) if fingerprint(run) in seeds]


def test_no_two_sections_share_a_sentence():
    texts = {
        section: markdown(parts)
        for chapter in CHAPTERS
        for section, parts in sections(chapter).items()
    }
    texts |= {f"opener {chapter}": opener(chapter) for chapter in CHAPTERS}
    texts |= {f"review {chapter}": review(chapter) for chapter in CHAPTERS}
    assert shared_sentences(texts) == []


def test_nothing_stands_here_as_it_stood_in_the_notes(chapter):
    seeds = set(SEEDS["runs of eight words"])
    assert taken_from_seeds(number(chapter), whole(chapter), seeds) == []


# --- figures and cells ---


def figures(notebook):
    return [
        cell
        for cell in notebook.cells
        if cell.cell_type == "code"
        and any(
            kind.startswith("image/") for output in cell.outputs for kind in output.get("data", {})
        )
    ]


def poor_figures(name, notebook):
    """Figures without a caption, words for those who do not see them, a question as title, or units
    on their axes.
    """
    found = []
    for cell in figures(notebook):
        about = cell.metadata.get("mystnb", {})
        where = f"{name}: {about.get('figure', {}).get('name', cell.source.splitlines()[0])}"
        if len(word_list(about.get("image", {}).get("alt", ""))) < 12:
            found.append(f"{where}: the alt text does not say what is seen")
        if not about.get("figure", {}).get("caption"):
            found.append(f"{where}: no caption")
        if "?" not in cell.source:
            found.append(f"{where}: no question in the title")
    return found


def poor_cells(name, notebook):
    """Cells that are too long to read, not run in order, noisy, or failed."""
    found, executed = [], [cell for cell in notebook.cells if cell.cell_type == "code"]
    if [cell.execution_count for cell in executed] != list(range(1, len(executed) + 1)):
        found.append(f"{name}: not run from top to bottom")
    for cell in executed:
        first = cell.source.splitlines()[0]
        if len(cell.source.splitlines()) > 25:
            found.append(f"{name}: {len(cell.source.splitlines())} lines in the cell {first!r}")
        if any(len(line) > 88 for line in cell.source.splitlines()):
            found.append(f"{name}: a line of more than 88 characters in the cell {first!r}")
        for output in cell.outputs:
            if output.output_type == "error" or output.get("name") == "stderr":
                found.append(f"{name}: an error or a warning under the cell {first!r}")
    return found


def test_figures_are_described_and_ask(chapter):
    found = notebooks(chapter)
    assert sum(len(figures(notebook)) for notebook in found.values()) >= 5
    assert [
        line for section, notebook in found.items() for line in poor_figures(section, notebook)
    ] == []


def test_sixty_figures_in_ten_chapters():
    count = sum(
        len(figures(notebook)) for chapter in CHAPTERS for notebook in notebooks(chapter).values()
    )
    assert count >= 60


def test_cells_are_short_quiet_and_run_in_order(chapter):
    assert [
        line
        for section, notebook in notebooks(chapter).items()
        for line in poor_cells(section, notebook)
    ] == []


def beside_its_box(name, notebook):
    """Cells of a folded box that do not fold with it: their output would stand alone."""
    found, inside = [], False
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            last = cell.source.rpartition("{admonition}")[2]
            inside = ":class: further dropdown" in last and last.rstrip().endswith(":::")
        elif inside and "hide-cell" not in cell.metadata.get("tags", []):
            found.append(
                f"{name}: the cell {cell.source.splitlines()[0]!r} belongs to a folded box"
            )
    return found


def test_cells_of_folded_boxes_fold_with_them(chapter):
    found = notebooks(chapter)
    assert [
        line for name, notebook in found.items() for line in beside_its_box(name, notebook)
    ] == []


# --- openers and reviews ---


def headed(text):
    """{heading: what stands under it} of a page."""
    return dict(re.findall(r"(?ms)^## (.+?)\n(.*?)(?=^## |\Z)", text))


def poor_opener(text):
    """What the reader of an opener would miss."""
    parts = headed(text)
    found = [
        f"no part {heading!r}"
        for heading in ("After this chapter you can", "The five sections")
        if heading not in parts
    ]
    for words in (":class: question", "**Before you start.**", "**Time.**", "{assignment}`"):
        if words not in text:
            found.append(f"lacks {words}")
    for paragraph in text.split("\n\n"):
        if paragraph.count("**") % 2:
            found.append(f"bold type does not end with its paragraph: {paragraph[:40]!r}")
    return found


def poor_review(text):
    """What the reader of a review would miss."""
    parts = headed(text)
    found = [
        f"no part {heading!r}"
        for heading in (
            "The formulas on one card",
            "Check yourself",
            "To remember",
            "Practice",
            "Further reading",
        )
        if heading not in parts
    ]
    if found:
        return found
    checks = re.split(r"(?m)^\*\*", parts["Check yourself"])[1:]
    if len(checks) != 3 or any(
        len(re.findall(r"(?m)^:{3,}\{dropdown\}", check)) < 3 for check in checks
    ):
        found.append("self-check: three questions with three explained choices each")
    tasks = re.findall(r"\{exercise\}[^\n]*\n:label: (\S+)", parts["Practice"])
    solved = re.findall(r"\{solution\} (\S+)\n:class: dropdown", parts["Practice"])
    if not 3 <= len(tasks) <= 5 or tasks != solved:
        found.append(
            f"practice: 3 to 5 exercises, each followed by its folded solution; here {tasks} and"
            f" {solved}"
        )
    if len(re.findall(r"\{cite:", parts["Further reading"])) < 3:
        found.append("further reading: at least three sources")
    return found


def objectives(text):
    """The numbered objectives of an opener."""
    part = re.search(r"(?ms)^## After this chapter you can\n(.*?)^## ", text).group(1)
    return dict((int(n), what) for n, what in re.findall(r"(?m)^(\d)\. (.+?)[;.]?$", part))


def test_openers_and_reviews_are_complete(chapter):
    assert poor_opener(opener(chapter)) == []
    assert len(objectives(opener(chapter))) >= 4
    assert poor_review(review(chapter)) == []


# --- each check sees what it is for ---


def part(kind, text):
    from bookreader import Part

    return Part(kind, text, {})


GOOD = (
    """(section-3.1)=
# 3.1 LM head
:::{admonition} Question
:class: question
:::
$$ z = Wh $$ (a-label)

It is `lmcore.softmax.lm_head`, see {eq}`a-label`. """
    + "word " * 400
    + """
:::{admonition} Mistake: x
:class: mistake
:::
"""
)


def test_a_poor_section_is_noticed():
    sound = [
        part("markdown", GOOD),
        part("code", "assert True"),
        part("markdown", ":class: remember"),
    ]
    assert lacking("3.1", sound) == []
    assert (
        "words"
        in lacking("3.1", [part("markdown", GOOD.replace("word " * 400, ""))] + sound[1:])[0]
    )
    box = ":::{admonition} More\n:class: further dropdown\n" + "word " * 700 + "\n:::\n"
    assert lacking("3.1", [*sound, part("markdown", box)]) == []
    assert "words" in lacking("3.1", [*sound, part("markdown", "word " * 700)])[0]
    assert (
        "equation"
        in lacking("3.1", [part("markdown", GOOD.replace("(a-label)", ""))] + sound[1:])[0]
    )
    assert "asserts" in lacking("3.1", [sound[0], part("code", "print(1)"), sound[2]])[0]
    assert "not made" in lacking("3.1", [part("code", "assert 1"), sound[0], sound[2]])[0]
    assert "remember" in lacking("3.1", sound[:2])[0]


def test_orphans_are_noticed_on_three_sides():
    places = {"lmcore.softmax.lm_head": ["3.1"], "lmcore.softmax.softmax": ["3.2"]}
    assert orphan_equations("3.1", GOOD, places) == []
    assert "a-label" in orphan_equations("3.2", GOOD, places)[0]
    assert (
        "a-label"
        in orphan_equations("3.1", GOOD.replace("`lmcore.softmax.lm_head`", "a product"), places)[0]
    )
    assert "no_such" in orphan_equations("3.1", GOOD + "`lmcore.softmax.no_such`", places)[0]
    assert orphan_functions(places, {"3.1": "lm_head", "3.2": "softmax"}) == []
    assert len(orphan_functions(places, {"3.1": "", "3.2": "log_softmax"})) == 2


def test_symbols_and_terms_out_of_place_are_noticed():
    known = {"z", "v", "p", "\\tau", "\\hat p"}
    assert (
        undefined_symbols(
            "3.1", r"$z_v/\tau$, $\hat{p}$, $\bar z$, $\operatorname{softmax}$, `$x`", known
        )
        == []
    )
    assert len(undefined_symbols("3.1", r"$\hat z$, $\sigma$, $$ w $$ (label)", known)) == 3
    assert (
        unlinked_terms(["logit"], [("01", "A {term}`logits <logit>` here."), ("02", "Logits.")])
        == []
    )
    assert unlinked_terms(["logit"], [("01", "Logits here."), ("02", "A {term}`logit`.")])


def test_code_is_left_out_and_what_directives_say_is_not():
    text = "```{exercise}\nSay it.\n```\nBetween.\n"
    text += "````{solution}\nSo:\n```python\nx = 1\n```\nEnd.\n````\n"
    text += "```{practice} ex\ndef f(): ...\n```\nAfter."
    assert without_code(text).split() == ["Say", "it.", "Between.", "So:", "End.", "After."]


def test_repetition_is_noticed():
    sentence = "This sentence has certainly more than eight words in it."
    assert shared_sentences({"1.1": f"New. {sentence}", "2.2": sentence}) and not shared_sentences(
        {"1.1": sentence}
    )
    run = "this sentence has certainly more than eight words"
    assert taken_from_seeds("01", sentence, {fingerprint(run)}) and not taken_from_seeds(
        "01", sentence, set()
    )


def test_a_poor_opener_or_review_is_noticed():
    good = opener(3)
    assert poor_opener(good) == []
    assert poor_opener(good.replace("## The five", "## Some")) == ["no part 'The five sections'"]
    assert poor_opener(good.replace("**Time.**", "")) == ["lacks **Time.**"]
    assert "bold" in poor_opener(good.replace("distribution.** A", "distribution\n\nA"))[0]
    assert list(objectives(good)) == [1, 2, 3, 4, 5]
    good = review(3)
    assert poor_review(good) == []
    assert "Practice" in poor_review(good.replace("## Practice", "## Tasks"))[0]
    assert (
        "self-check" in poor_review(good.replace(":::{dropdown} It falls", ":::{note} It falls"))[0]
    )
    assert (
        "practice" in poor_review(good.replace("{solution} ex-sigmoid", "{solution} ex-other"))[0]
    )


def test_wrong_titles_and_setups_are_noticed():
    found = copy.deepcopy(notebooks(3))
    assert wrong_titles(3, found) == []
    for broken in ("# 3.1 Head", "# 3.1 LM head", "(section-3.1)=\n## 3.1 LM head"):
        found["3.1"].cells[0].source = broken
        assert wrong_titles(3, found), broken
    assert wrong_titles(3, {k: v for k, v in notebooks(3).items() if k != "3.4"})
    setup = setup_cell(found["3.1"])
    assert poor_setup("3.1", found["3.1"]) == []
    for broken in ("import numpy as np", "x = 1\nplotting.use_style()"):
        setup.source = broken
        assert poor_setup("3.1", found["3.1"]), broken


def test_poor_figures_and_cells_are_noticed():
    import nbformat.v4 as v4

    def notebook(source, **about):
        cell = v4.new_code_cell(source, execution_count=1, metadata=about)
        cell.outputs = [v4.new_output("display_data", {"image/svg+xml": "<svg/>"})]
        return v4.new_notebook(cells=[cell])

    alt = "Bars of twelve words that say what is seen in this picture of ours"
    sound = {"mystnb": {"image": {"alt": alt}, "figure": {"name": "fig", "caption": "A caption."}}}
    assert poor_figures("03", notebook("ax.set(title='Why?')", **sound)) == []
    assert len(poor_figures("03", notebook("ax.set(title='Because')"))) == 3
    assert poor_cells("03", notebook("x = 1")) == []
    assert len(poor_cells("03", notebook("\n".join(["x" * 89] * 26)))) == 2


def test_an_output_left_beside_its_box_is_noticed():
    import nbformat.v4 as v4

    box = v4.new_markdown_cell(":::{admonition} More\n:class: further dropdown\nWhy.\n:::")
    cell = v4.new_code_cell("x = 1", metadata={"tags": ["hide-input"]})
    assert beside_its_box("1.1", v4.new_notebook(cells=[box, cell]))
    cell.metadata["tags"] = ["hide-cell"]
    assert beside_its_box("1.1", v4.new_notebook(cells=[box, cell])) == []


# --- objectives and the problems that test them ---


def untested(rows):
    return [
        f"{chapter}: no problem tests objective {number}, {text}"
        for chapter, number, text, titles in rows
        if not titles
    ]


def objective_rows():
    import importlib.util

    spec = importlib.util.spec_from_file_location(
        "objectives_table", HOME / "book" / "_ext" / "course_ext" / "objectives_table.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return list(module.rows(HOME))


def test_every_objective_is_tested_by_a_problem():
    pytest.importorskip("sphinx")
    rows = objective_rows()
    assert {row[0][:2] for row in rows} == {
        path.parent.name[:2] for path in HOME.glob("solutions/*/exercises.ipynb")
    }
    assert untested(rows) == []
    assert untested([("03-softmax", 1, "do it", [])])
