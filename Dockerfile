# A machine for grading, for systems other than Linux and for keeping students' code away from your own files.
#     docker build -t lm-probability .
#     docker run --rm --network none --user "$(id -u):$(id -g)" -v ./:/course lm-probability nbjudge grade 3
# The course folder, mounted at /course, is what is graded and written to; the environment lies outside it, so that
# the host's own .venv is neither used nor changed.
FROM python:3.13-slim

RUN useradd --create-home --uid 1000 course
ENV PATH=/opt/course/venv/bin:$PATH HOME=/tmp
WORKDIR /course

# the packages first: an edit of the library or the grader installs none of them again
COPY requirements.lock ./
RUN python -m venv /opt/course/venv \
    && pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock

COPY pyproject.toml README.md LICENSE ./
COPY lmcore lmcore
COPY nbjudge nbjudge
RUN pip install --no-cache-dir --disable-pip-version-check --no-index --no-deps --no-build-isolation -e . -e ./nbjudge \
    && python -m compileall -q lmcore nbjudge/src

USER course
CMD ["nbjudge", "grade"]
