"""A server for one person on this machine, with the pages on which answers are marked.

It listens on 127.0.0.1 alone, and every address begins with a token that nobody can guess: other
users of the machine, and pages of other sites in the same browser, get nothing.
"""

import hmac
import http.server
import math
import secrets
import threading
from http import HTTPStatus
from urllib.parse import parse_qs

from nbjudge.records.marks import MarkedMeanwhileError
from nbjudge.reports import marking as pages
from nbjudge.term import marking

# bytes of a form; a comment is a few lines
LONGEST_FORM = 200_000
# seconds that a browser may take to say what it wants
PATIENCE = 30


def serve(desk, port=0):
    """Make a server; it answers while its `serve_forever` runs.

    Parameters
    ----------
    desk : Desk
    port : int
        0 takes one that is free.

    Returns
    -------
    server : http.server.ThreadingHTTPServer
    address : str
        With the token.
    """
    token = secrets.token_urlsafe(32)
    lock = threading.Lock()
    handler = type("MarkingHandler", (Handler,), {"desk": desk, "token": token, "lock": lock})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    handler.hosts = {f"{name}:{server.server_port}" for name in ("127.0.0.1", "localhost")}
    return server, f"http://127.0.0.1:{server.server_port}/{token}/"


class Handler(http.server.BaseHTTPRequestHandler):
    """One request.

    /TOKEN/ shows the problems, /TOKEN/NUMBER/ the first answer that waits, and /TOKEN/NUMBER/KEY
    one answer, whose form is sent to the same address.
    """

    timeout = PATIENCE

    def log_message(self, *_):
        """Say nothing: the terminal is for the person."""

    def do_GET(self):
        """Show a page."""
        self._answer(self._get)

    def do_POST(self):
        """Save a mark."""
        self._answer(self._post)

    def _answer(self, work):
        parts = self.path.partition("?")[0].split("/")[1:]
        known = hmac.compare_digest(parts[0].encode(), self.token.encode())
        if not known or self.headers.get("Host") not in self.hosts:
            self._send(HTTPStatus.FORBIDDEN, "Open the address that nbjudge mark has printed.")
            return
        with self.lock:
            work(parts[1:])

    def _get(self, rest):
        if rest == [""]:
            self._overview()
        elif rest == ["mark.js"]:
            self._send(HTTPStatus.OK, pages.script(), "text/javascript")
        elif (problem := self._problem(rest)) is None:
            self._unknown()
        elif rest[1] == "":
            waiting = marking.next_waiting(self.desk.answers(problem))
            self._redirect(f"{rest[0]}/{waiting.key}" if waiting else "")
        else:
            self._show(problem, rest)

    def _post(self, rest):
        problem = self._problem(rest)
        answers = self.desk.answers(problem) if problem else []
        answer = next((one for one in answers if one.key == rest[-1]), None)
        length = self.headers.get("Content-Length", "")
        if answer is None:
            self._unknown()
            return
        if not length.isdecimal() or int(length) > LONGEST_FORM:
            self._send(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The comment is too long.")
            return
        form = parse_qs(self.rfile.read(int(length)).decode("utf-8", "replace"), True)
        fields = {name: values[-1].replace("\r\n", "\n") for name, values in form.items()}
        typed = fields.get("points", "").strip(), fields.get("comment", "").strip()
        try:
            was = _points(fields.get("was_points", "")), fields.get("was_comment", "")
            self.desk.mark(problem, answer.student, _points(typed[0]), typed[1], was)
        except ValueError as error:
            status = (
                HTTPStatus.CONFLICT
                if isinstance(error, MarkedMeanwhileError)
                else HTTPStatus.UNPROCESSABLE_ENTITY
            )
            self._show(problem, rest, status, typed, f"Not saved: {error}.")
            return
        waiting = marking.next_waiting(self.desk.answers(problem), answer.key)
        self._redirect(f"{rest[0]}/{waiting.key}" if waiting else "")

    def _problem(self, rest):
        if len(rest) == 2 and rest[0].isdecimal() and int(rest[0]) < len(self.desk.problems):
            return self.desk.problems[int(rest[0])]
        return None

    def _overview(self):
        rows = []
        for number, problem in enumerate(self.desk.problems):
            answers = self.desk.answers(problem)
            first = answers[0].key if answers else ""
            way = first if answers and not marking.next_waiting(answers) else ""
            rows.append(
                (
                    problem.title,
                    f"/{self.token}/{number}/{way}",
                    problem.most,
                    marking.progress(answers),
                )
            )
        rest = f"nbjudge grade {self.desk.chapter} writes the marks into feedback and grades.csv."
        self._send(HTTPStatus.OK, pages.overview(f"Marking {self.desk.chapter}", rows, rest))

    def _show(self, problem, rest, status=HTTPStatus.OK, typed=None, wrong=""):
        answers = self.desk.answers(problem)
        at = next((at for at, one in enumerate(answers) if one.key == rest[1]), None)
        if at is None:
            self._unknown()
            return
        answer, base = answers[at], f"/{self.token}/{rest[0]}"
        links = [("overview", f"/{self.token}/", "All problems")]
        if at > 0:
            links.append(("previous", f"{base}/{answers[at - 1].key}", "Previous answer"))
        if at + 1 < len(answers):
            links.append(("next", f"{base}/{answers[at + 1].key}", "Next answer"))
        said = [f"answer {at + 1} of {len(answers)}", marking.progress(answers)]
        if not self.desk.anonymous:
            name = f"{answer.name} ({answer.student})" if answer.name else answer.student
            said.insert(0, name)
        page = pages.answer_page(
            problem,
            self.desk.cells(problem, answer.student),
            " · ".join(said),
            answer.mark,
            links,
            f"/{self.token}/mark.js",
            typed,
            wrong,
        )
        self._send(status, page)

    def _unknown(self):
        self._send(HTTPStatus.NOT_FOUND, "There is no such page.")

    def _redirect(self, where):
        self.send_response(HTTPStatus.SEE_OTHER)
        self.send_header("Location", f"/{self.token}/{where}")
        self.send_header("Content-Length", "0")
        self._end()

    def _send(self, status, body, kind=None):
        kind = kind or ("text/html" if body[:1] == "<" else "text/plain")
        data = body.encode("utf-8", "backslashreplace") if isinstance(body, str) else body
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self._end()
        self.wfile.write(data)

    def _end(self):
        self.send_header("Content-Security-Policy", pages.OWN_POLICY)
        # links in answers lead elsewhere, and the address holds the token
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()


def _points(text):
    """Points as a person writes them; None for none.

    Examples
    --------
    >>> _points("1.5"), _points("1,5"), _points("")
    (1.5, 1.5, None)
    """
    if not text:
        return None
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is no number of points")
    return value
