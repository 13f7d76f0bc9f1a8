# For grading on other systems than Linux, and away from your own files. The course folder is mounted at /course:
#   docker build -t lm-probability .
#   docker run --rm --network none -v "$PWD":/course lm-probability make grade
FROM python:3.12-slim

RUN apt-get update \
    && apt-get install -y --no-install-recommends make \
    && rm -rf /var/lib/apt/lists/*

# The environment lies outside the mounted folder, so that the host's own .venv is neither used nor changed.
ENV VENV=/opt/course/venv STAMPS=/opt/course/stamps HOME=/tmp
WORKDIR /course
COPY Makefile pyproject.toml requirements.lock README.md LICENSE ./
COPY lmcore lmcore
RUN make venv

CMD ["make", "grade"]
