"""A few of the browser tests in Firefox too, driven over WebDriver BiDi by the system's Firefox."""

import itertools
import json
import os
import shutil
import socket
import subprocess
import time

import pytest

PATIENCE = 60  # seconds: the machine may be busy


class Firefox:
    """One tab of a Firefox without a window."""

    def __init__(self, program, profile):
        from websocket import create_connection

        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.process = subprocess.Popen(
            [program, "--headless", "--no-remote", "--profile", str(profile)]
            + [f"--remote-debugging-port={port}"],
            env=os.environ | {"HOME": str(profile)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.numbers = itertools.count(1)
        end = time.monotonic() + PATIENCE
        while True:
            try:
                self.socket = create_connection(
                    f"ws://127.0.0.1:{port}/session", suppress_origin=True, timeout=PATIENCE
                )
                break
            except OSError:
                if time.monotonic() > end:
                    self.close()
                    raise
                time.sleep(0.2)
        self.call("session.new", capabilities={})
        self.tab = self.call("browsingContext.getTree")["contexts"][0]["context"]
        self.size(1280, 900)

    def call(self, method, **params):
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") == number:
                assert answer["type"] == "success", answer
                return answer["result"]

    def size(self, width, height):
        viewport = {"width": width, "height": height}
        self.call("browsingContext.setViewport", context=self.tab, viewport=viewport)

    def goto(self, address):
        self.call("browsingContext.navigate", context=self.tab, url=address, wait="complete")

    def evaluate(self, expression):
        """The value of a JavaScript expression, as JSON."""
        told = self.call(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await ({expression})))()",
            target={"context": self.tab},
            awaitPromise=True,
        )
        assert told["type"] == "success", told["exceptionDetails"]["text"]
        return json.loads(told["result"].get("value", "null"))

    def wait_for(self, expression):
        """The value of an expression once it is true."""
        end = time.monotonic() + PATIENCE
        while not (value := self.evaluate(expression)):
            assert time.monotonic() < end, f"not within {PATIENCE} s: {expression}"
            time.sleep(0.1)
        return value

    def write(self, field, text):
        """Text at the beginning of an editor, as if typed: without a screen the window may have no
        focus, and then no key arrives.
        """
        done = self.evaluate(
            f"(() => {{ const field = {field}; field.focus(); getSelection().collapse(field, 0);"
            f" return document.execCommand('insertText', false, {json.dumps(text)}); }})()"
        )
        assert done, f"{field} takes no text"

    def close(self):
        self.process.terminate()
        self.process.wait()


@pytest.fixture(scope="module")
def firefox(tmp_path_factory):
    program = shutil.which("firefox") or shutil.which("firefox-esr")
    pytest.importorskip("websocket", reason="NO FIREFOX TEST WAS RUN: pip install websocket-client")
    if program is None:
        pytest.skip(
            "NO FIREFOX TEST WAS RUN: there is no Firefox (Debian: apt install firefox-esr)"
        )
    running = Firefox(program, tmp_path_factory.mktemp("firefox"))
    yield running
    running.close()


def test_firefox_looks_into_the_model_and_fits_a_phone(firefox, site):
    firefox.size(360, 740)
    firefox.goto(f"{site}book/02-factorization/3-causal-masking.html")
    firefox.evaluate("document.querySelector('[data-explorer]').scrollIntoView()")
    firefox.wait_for("document.querySelector('[data-explorer=inside][data-ready]') !== null")
    seen = firefox.evaluate(
        "[...document.querySelectorAll('.ex-numbers dd')].map((number) => number.textContent)"
    )
    firefox.evaluate("document.querySelector('.ex-heads button').click()")
    after = firefox.evaluate("document.querySelector('.ex-numbers').textContent")
    assert seen[0] == "“t”" and seen[4] == "0.000" and "taken out0.000" not in after
    assert firefox.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    firefox.size(1280, 900)


def test_firefox_arrives_at_what_a_link_names(firefox, site):
    firefox.goto(f"{site}book/05-information/3-perplexity.html#equation-perplexity")
    place = "document.querySelector('#equation-perplexity').getBoundingClientRect().top"
    firefox.wait_for(f"{place} >= 0 && {place} < innerHeight")


def test_firefox_keeps_a_guess_and_an_answer(firefox, site):
    firefox.goto(f"{site}book/05-information/3-perplexity.html")
    firefox.evaluate(
        "(() => { const form = document.querySelector('form.guess');"
        " form.elements.guess.value = '5'; form.requestSubmit(); })()"
    )
    words = firefox.wait_for("document.querySelector('.guess-result')?.textContent")
    assert words.startswith("You guessed 5.")
    firefox.goto(f"{site}book/03-softmax/review.html")
    firefox.evaluate("document.querySelector('.practice').scrollIntoView()")
    firefox.wait_for("document.querySelector('.practice .cm-content') !== null")
    firefox.write("document.querySelector('.practice .cm-content')", "# mine ")
    buttons = "[...document.querySelectorAll('.practice button')]"
    mine = f"{buttons}.find((button) => /^Mine/.test(button.textContent))"
    firefox.wait_for(f"!{mine}.hidden")
    time.sleep(0.3)
    firefox.goto(f"{site}book/03-softmax/review.html")
    firefox.wait_for(f"{mine} && !{mine}.hidden")
    firefox.evaluate("document.querySelector('.practice').scrollIntoView()")
    firefox.wait_for(
        "document.querySelector('.practice .cm-content')?.textContent.includes('# mine')"
    )
