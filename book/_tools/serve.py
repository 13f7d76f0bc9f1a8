"""Show the built site on this machine: `python book/_tools/serve.py [--port 8000]`, stopped by
Ctrl-C.
"""

import argparse
import errno
import functools
import http.server
import socket
import sys
from pathlib import Path

SITE = Path(__file__).resolve().parents[2] / "_build" / "html"
HOST = "127.0.0.1"  # this machine only


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files of the site, never cached (they are being worked on), with the site's own page for
    unknown addresses.
    """

    def end_headers(self):
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def send_error(self, code, message=None, explain=None):
        page = Path(self.directory, "404.html")
        if code != 404 or not page.is_file():
            return super().send_error(code, message, explain)
        body = page.read_bytes()
        self.send_response(404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format, *args):
        """Quiet: only failures are of interest, and the browser shows those."""


def port_number(text):
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"a port lies between 0 and 65535, got {port}")
    return port


def free_port():
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def why_not(error, port):
    """What keeps us from listening, and what to do about it."""
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} is in use by another program, perhaps by this one in another window.\n"
            f"Stop that one, or take a free port: make serve PORT={free_port()}"
        )
    if error.errno == errno.EACCES:
        return (
            f"port {port} is reserved for the system. Take one from 1024 up: make serve PORT=8000"
        )
    return (
        f"cannot listen on port {port}: {error.strerror}. Take another: make serve"
        f" PORT={free_port()}"
    )


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--port", type=port_number, default=8000, help="default 8000; 0 takes any free one"
    )
    parser.add_argument(
        "--dir", type=Path, default=SITE, help="the built site (default: _build/html)"
    )
    options = parser.parse_args(arguments)
    if not (options.dir / "index.html").is_file():
        print(
            f"the site is not built yet: there is no {options.dir}/index.html. Run make first.",
            file=sys.stderr,
        )
        return 2
    try:
        server = http.server.ThreadingHTTPServer(
            (HOST, options.port), functools.partial(Handler, directory=options.dir)
        )
    except OSError as error:
        print(why_not(error, options.port), file=sys.stderr)
        return 2
    print(f"http://{HOST}:{server.server_port}/  (Ctrl-C stops it)", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print("\nstopped")
    finally:
        server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
