# What can be done with this course. `make` prepares and shows everything, `make help` lists the rest.
# For GNU make 3.81 or later and any POSIX shell. A stamp in .stamps/ says that a step is done, and is set last.

VENV   ?= .venv
STAMPS ?= .stamps
SITE    = _build/html
SAMPLE  = _build/sample-class
PY      = $(VENV)/bin/python
PYTHON ?=
CH     ?=
T      ?=
WORKERS ?= auto

unexport PYTHONDONTWRITEBYTECODE

# Where the site's live cells get Python from: a folder with Pyodide's files, which the site then carries, or its public
# CDN. What was chosen last holds until something else is said; `make site PYODIDE=` goes back to the CDN.
served  := $(shell cat $(STAMPS)/pyodide 2>/dev/null)
PYODIDE ?= $(served)
export PYODIDE

SOURCES  = $(wildcard solutions/*/*)
RELEASES = $(patsubst solutions/%,exercises/%,$(wildcard solutions/*/*.ipynb))
BOOK     = _config.yml _toc.yml CONTRIBUTING.md CHANGELOG.md $(shell find book -type f ! -name '*.pyc' ! -path '*/.*') $(wildcard exercises/*/*)
GRADER   = nbgrader_config.py $(wildcard nbjudge/src/nbjudge/*.py nbjudge/src/nbjudge/*/*.py) lmcore/check.py
# Empty when the file is there, FORCE when somebody removed it.
missing  = $(if $(filter-out $(wildcard $(1)),$(1)),FORCE)

.PHONY: all help venv site pdf epub links release student sample-class serve grade check notebooks twice bench bench-grading lighthouse test fast lint live-all lock clean
.PHONY: FORCE

all: $(STAMPS)/release  ## environment, release notebooks, site, and a graded sample class
	@$(MAKE) --no-print-directory $(STAMPS)/site $(STAMPS)/sample-class
	@echo
	@echo 'site      $(CURDIR)/$(SITE)/index.html   (make serve shows it in a browser)'
	@echo 'releases  $(CURDIR)/exercises'
	@test ! -e $(SAMPLE)/grades.csv || echo 'grades    $(CURDIR)/$(SAMPLE)/grades.csv   (of the bundled sample class)'
	@test ! -e $(SAMPLE)/grades.csv || echo 'feedback  $(CURDIR)/$(SAMPLE)/feedback'

help:  ## this list
	@sed -n 's/^\([a-z][a-z-]*\):.*##/\1:/p' Makefile | awk -F': +' '{ printf "make %-14s %s\n", $$1, $$2 }'

PYTEST = OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(PY) -m pytest -q -rs -n $(WORKERS) --dist loadscope
UNITS  = tests nbjudge lmcore

# Not after `release`: the tests must see a release notebook that somebody forgot to generate.
test: $(if $(T),$(STAMPS)/venv,$(STAMPS)/site)  ## every test: lmcore, notebooks, releases, grading, site (T=softmax: those that carry the word)
ifeq ($(T),)
	SITE_IS_BUILT=1 $(PYTEST) --nbval --nbval-cell-timeout=300 --nbval-kernel-startup-timeout=120 $(UNITS) book solutions
else
	$(PYTEST) -k '$(T)' $(UNITS)
endif

fast: lint  ## lint, unit tests and doctests: nothing that takes a site, a class or a browser (under 90 s)
	$(PYTEST) -m 'not browser and not postgres and not root and not slow' $(UNITS)

lint: $(STAMPS)/venv  ## style, formatting, types, spelling, imports and workflows; seconds (tools/lint.sh says what)
	@PATH="$(CURDIR)/$(VENV)/bin:$$PATH" tools/lint.sh

live-all: $(STAMPS)/site  ## every notebook, practice box and assignment in a browser's Python, compared with the book (a quarter of an hour)
	LIVE_CHAPTERS=all $(PY) -m pytest -q -rs -s tests/browser/test_live_chapters.py tests/browser/test_assignment.py

site: $(STAMPS)/site  ## the site, in _build/html (PYODIDE=DIR: with Python for its live cells on board)

links: $(STAMPS)/venv  ## ask every outside address in the book whether it still answers (needs the network)
	$(VENV)/bin/jupyter-book build . -q --all --builder linkcheck --path-output _build/links

release: $(STAMPS)/venv  ## the students' notebooks in exercises/, from solutions/ (CH=03 for one chapter)
	$(PY) -m nbjudge release $(CH)

student: $(STAMPS)/release  ## a zip for students: releases and library, without solutions (CH=03 for one chapter)
	$(PY) -m nbjudge bundle $(CH)

sample-class: $(STAMPS)/sample-class  ## a class of made-up submissions, graded, in _build/sample-class

pdf: $(STAMPS)/venv  ## the whole book as a PDF, in _build/formats; needs Chromium
	$(PY) book/_tools/formats.py pdf

epub: $(STAMPS)/venv  ## the whole book as an e-book, in _build/formats
	$(PY) book/_tools/formats.py epub

serve: $(STAMPS)/site  ## the site on http://localhost:8000 (PORT=… for another port)
	$(PY) book/_tools/serve.py $(if $(PORT),--port $(PORT))

grade: $(STAMPS)/venv  ## grade what lies in submitted/ (CH=03 for one chapter, ARGS='--workers 8' and the like)
	$(PY) -m nbjudge grade $(CH) $(ARGS)

check:  ## run the visible tests on your own work: make check CH=03
	@$(if $(CH),,echo 'Which chapter? For example: make check CH=03' && exit 2)
	@test -x $(PY) || { echo 'There is no environment in $(VENV): make it with the lines for students in README.md' && exit 2; }
	@$(PY) -m nbjudge check $(CH)

notebooks: $(STAMPS)/venv  ## run the book's and the source notebooks that changed, and store their outputs
	$(PY) book/_tools/notebooks.py $(wildcard book/$(CH)*/[1-5]-*.ipynb solutions/$(CH)*/exercises.ipynb)

twice: $(STAMPS)/venv  ## run every cell of the book again, at once and after the last, and compare outputs (CH=03 for one chapter)
	$(PY) book/_tools/twice.py $(wildcard book/$(CH)*/[1-5]-*.ipynb)

bench: $(STAMPS)/venv  ## speed of lmcore beside its peers, and what each function takes in time and memory
	$(PY) tests/benchmarks/run.py

bench-grading: $(STAMPS)/venv  ## speed of the grader beside stock nbgrader's, on 40 and on 200 submissions, and of its writer on 5,000
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(PY) tests/benchmarks/writer.py
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(PY) tests/benchmarks/grading.py

lighthouse: $(STAMPS)/site  ## Lighthouse's marks for one page of each kind, on a slow phone and a desktop; needs Node and Chromium
	$(PY) book/_tools/lighthouse.py

lock:  ## requirements.lock from both pyproject.toml, for every Python and system; needs uv (ARGS=--upgrade: newest versions)
	tools/lock.sh $(ARGS)

clean:  ## remove what make built; the environment and everything about students stay
	rm -rf _build $(STAMPS)/site $(STAMPS)/pyodide $(STAMPS)/release $(STAMPS)/sample-class

# ---- the steps behind the names

venv: $(STAMPS)/venv  ## the environment, in .venv

VERSION = import sys; print("%d.%d" % sys.version_info[:2])
# An environment made by another Python than the one asked for is made again.
ifneq ($(PYTHON),)
OTHER_PYTHON = $(if $(filter $(shell $(PYTHON) -c '$(VERSION)' 2>/dev/null),$(shell test -x $(PY) && $(PY) -c '$(VERSION)')),,FORCE)
endif

$(STAMPS)/venv: requirements.lock pyproject.toml nbjudge/pyproject.toml $(call missing,$(PY)) $(OTHER_PYTHON)
	@tools/environment.sh $(VENV) $(PYTHON)
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/release: $(STAMPS)/venv $(SOURCES) $(GRADER) $(call missing,$(RELEASES))
	$(PY) -m nbjudge release
	@touch $@

# All pages every time: a page that is not read again would keep quiet about a reference that broke elsewhere.
$(STAMPS)/site: $(STAMPS)/venv $(BOOK) $(call missing,$(SITE)/index.html) $(if $(filter-out x$(served),x$(PYODIDE)),FORCE)
	$(VENV)/bin/jupyter-book build . -q --all -n -W --keep-going
	@echo '$(PYODIDE)' > $(STAMPS)/pyodide; touch $@

$(STAMPS)/sample-class: $(STAMPS)/venv $(GRADER) tests/sample_class.py nbjudge/tests/made_up/students.py $(wildcard solutions/03-softmax/* exercises/03-softmax/*) \
                        lmcore/_arrays.py lmcore/_checks.py lmcore/softmax.py $(call missing,$(SAMPLE)/grades.csv)
	@rm -rf $(SAMPLE)
	$(PY) tests/sample_class.py $(SAMPLE)
	@touch $@
