var M=/^(import matplotlib( as mpl)?|import matplotlib\.pyplot as plt|from lmcore import [\w, ]+|plotting\.use_style\(\))[ ]*$/gm,b=e=>/\b(matplotlib|mpl|plt|plotting)\b|\.plot\b/.test(e.replace(M,""));var _=`"""What a page's cells run in: one namespace, outputs sent to the page as they come."""

import ast
import builtins
import contextlib
import functools
import importlib
import importlib.util
import inspect
import io
import itertools
import linecache
import logging
import re
import rlcompleter
import sys
import time
import traceback
import types

send = None  # set by the worker: send(kind, payload)
namespace = {"__name__": "__main__"}

# A loop that prints without end must not keep the page from hearing its Stop button: the first
# pieces of output go to the page at once, later ones together every PAUSE seconds, and more than
# MOST characters a cell are not sent.
AT_ONCE, PAUSE, MOST = 300, 0.1, 500_000
# [(stream, text)], and of the cell that runs: writes, characters, time of sending
waiting, pieces, sent, last = [], 0, 0, 0.0


class Stream(io.TextIOBase):
    """A stdout or stderr that hands its text to the page."""

    def __init__(self, name):
        self.name = name

    def write(self, text):
        global pieces
        if text and sent <= MOST:
            pieces += 1
            waiting.append((self.name, text))
            if pieces <= AT_ONCE or time.monotonic() - last > PAUSE:
                flush()
        return len(text)


page_out = Stream("stdout")


def flush():
    """Send what waits, neighbours of one stream as one piece."""
    global last
    for name, texts in itertools.groupby(waiting, key=lambda piece: piece[0]):
        put("stream", {"name": name, "text": "".join(text for _, text in texts)}, "text")
    waiting.clear()
    last = time.monotonic()


def put(kind, payload, key):
    """Send a piece of output, cut where the cell has sent too much; then say so, once."""
    global sent
    if sent > MOST:
        return
    text, room = payload[key], MOST - sent
    sent += len(text)
    send(kind, payload | {key: text[:room]})
    if len(text) > room:
        send(
            "stream",
            {
                "name": "stderr",
                "text": (
                    f"\\nThis cell printed more than {MOST:,} characters; the rest is not shown.\\n"
                ),
            },
        )


def absent(source):
    """What a cell imports and what is not here yet, as import lines for Pyodide to find packages
    for.
    """
    from pyodide.code import find_imports

    def is_here(name):
        try:
            return name in sys.modules or importlib.util.find_spec(name) is not None
        except ImportError:
            # Pyodide's way to say that it has the package, but not here
            return False

    return "\\n".join(f"import {name}" for name in find_imports(source) if not is_here(name))


def begin():
    """A cell starts: its output is counted from nothing."""
    global pieces, sent
    waiting.clear()
    pieces = sent = 0


def show(value, raw=False):
    """Send a value as the richest thing that it can be, like a notebook; \`raw\` values are already
    {type: content}.
    """
    flush()
    contents = (
        value
        if raw
        else {
            mime: method()
            for mime, method in (
                ("text/html", getattr(value, "_repr_html_", None)),
                ("image/svg+xml", getattr(value, "_repr_svg_", None)),
                ("text/markdown", getattr(value, "_repr_markdown_", None)),
            )
            if callable(method)
        }
    )
    for mime in ("text/html", "image/svg+xml", "text/markdown", "text/plain"):
        if contents.get(mime) is not None:
            return put("display", {"mime": mime, "data": contents[mime]}, "data")
    put("display", {"mime": "text/plain", "data": repr(value)}, "data")


def show_figures(*_, **__):
    """Send every open figure and close it; stands in for matplotlib.pyplot.show."""
    flush()
    pyplot = sys.modules["matplotlib.pyplot"]
    for number in pyplot.get_fignums():
        figure, content = pyplot.figure(number), io.BytesIO()
        figure.savefig(content, format="svg", bbox_inches="tight", metadata={"Date": None})
        send("display", {"mime": "image/svg+xml", "data": content.getvalue().decode()})
    pyplot.close("all")


def install_display():
    """IPython.display as far as the notebooks use it; IPython itself would be another two
    megabytes.
    """

    class Rich:
        def __init__(self, data):
            self.data = data

    class HTML(Rich):
        def _repr_html_(self):
            return self.data

    class SVG(Rich):
        def _repr_svg_(self):
            return self.data

    class Markdown(Rich):
        def _repr_markdown_(self):
            return self.data

    module = types.ModuleType("IPython.display")
    module.HTML, module.SVG, module.Markdown = HTML, SVG, Markdown
    module.display = lambda *values, raw=False, **_: [show(value, raw) for value in values] and None
    package = types.ModuleType("IPython")
    package.display = module
    package.get_ipython = lambda: None  # matplotlib asks
    sys.modules.update({"IPython": package, "IPython.display": module})
    namespace["display"] = module.display


def evaluate(source, name):
    """Run a cell in the page's namespace; the value of its last line, None if that has none."""
    begin()
    remember(source, name)
    body = ast.parse(source, name).body
    last = ast.Expression(body.pop().value) if body and isinstance(body[-1], ast.Expr) else None
    exec(compile(ast.Module(body, type_ignores=[]), name, "exec"), namespace)
    return None if last is None else eval(compile(last, name, "eval"), namespace)


def run(source, name):
    """Run a cell; returns None, or the traceback without the frames of this file."""
    try:
        value = evaluate(source, name)
        if value is not None and not source.rstrip().endswith(";"):
            namespace["_"] = value
            show(value)
        if drawing:
            show_figures()
    except SystemExit:
        return None
    except BaseException as error:
        return explain(error, name)
    finally:
        flush()
        if drawing:
            # a figure that an error left half drawn
            sys.modules["matplotlib.pyplot"].close("all")
    return None


def fresh():
    """Forget every variable, as a notebook's kernel does when it is started again."""
    display = namespace["display"]
    namespace.clear()
    namespace.update({"__name__": "__main__", "display": display})


def test(source, name):
    """Run the tests of an assignment in the page's namespace.

    Returns [[what was tried, message or None], ...], the points so far, and the traceback if the
    tests themselves failed. Points are None where the tests give none: they passed or they did not.
    """
    try:
        # what they print for a notebook is said by the page
        with contextlib.redirect_stdout(io.StringIO()):
            value = evaluate(source, name)
    except BaseException as error:
        return [], None, explain(error, name)
    results = [list(result) for result in getattr(value, "messages", ())]
    return results, value if isinstance(value, float) else None, None


def explain(error, name):
    """A traceback that begins in the reader's own code."""
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename != name:
        frames = frames.tb_next
    return "".join(traceback.format_exception(type(error), error, frames))


def remember(source, name):
    """Let tracebacks quote a cell's lines."""
    linecache.cache[name] = (len(source), None, [line + "\\n" for line in source.split("\\n")], name)


def widen_integers():
    """Give NumPy the integers of readers' own machines, where they have 64 bits.

    In a browser its default has 32, and \`np.arange(1, 100_001).sum()\` would be wrong without a
    word. What is made of Python's integers, or asked for as \`int\`, is made with 64 here. Where
    NumPy then refuses them, because indices do have 32, they are narrowed.
    """
    import numpy

    def wide(plain):
        @functools.wraps(plain)
        def make(*given, **named):
            given = [numpy.int64 if value is int else value for value in given]
            named = {key: numpy.int64 if value is int else value for key, value in named.items()}
            made = plain(*given, **named)
            asked = "dtype" in named or any(isinstance(part, (type, numpy.dtype)) for part in given)
            kept = given and isinstance(given[0], (numpy.ndarray, numpy.generic))
            if asked or kept or made.dtype != numpy.intp:
                return made
            return made.astype(numpy.int64)

        return make

    def narrow(plain, place):
        @functools.wraps(plain)
        def call(*given, **named):
            given = list(given)
            if len(given) > place and getattr(given[place], "dtype", None) == numpy.int64:
                given[place] = given[place].astype(numpy.intp)
            return plain(*given, **named)

        return call

    for name in ("arange", "array", "asarray", "empty", "full", "ones", "zeros"):
        setattr(numpy, name, wide(getattr(numpy, name)))
    numpy.bincount = narrow(numpy.bincount, 0)
    numpy.repeat = narrow(numpy.repeat, 1)


def tell(*values, file=None, **named):
    """Stands in for print() in an answer: the checks call it with stdout closed, and the reader
    wants to see what it says.
    """
    print(*values, file=page_out if file is None else file, **named)


MANY = 60  # names to choose from


def complete(source, alone):
    """How the name at the end of a text may go on, as [{label, type, detail, info}].

    \`alone\` is the text of a practice box, which sees NumPy and the checks and not the page's
    variables.
    """
    word = re.search(r"[\\w.]*$", source).group()
    names = beside_answers() if alone else namespace
    completer, found = rlcompleter.Completer(names), {}
    for number in itertools.count():
        match = completer.complete(word, number) if word else None
        if match is None or len(found) == MANY:
            break
        name = match.strip().rstrip("(:")
        found.setdefault(name, described(name, names))
    return list(found.values())


def described(name, names):
    """What a list of names says of one: its last part, its kind, its parameters, how its docstring
    begins."""
    option = {"label": name.rpartition(".")[2], "type": "variable", "detail": "", "info": ""}
    try:
        value = functools.reduce(getattr, name.split(".")[1:], lookup(name.split(".")[0], names))
    except (AttributeError, NameError):
        return option | {"type": "keyword"}
    if inspect.ismodule(value):
        option["type"] = "namespace"
    elif callable(value):
        option["type"] = "class" if inspect.isclass(value) else "function"
        with contextlib.suppress(TypeError, ValueError):
            option["detail"] = str(inspect.signature(value))
    else:
        return option | {"detail": type(value).__name__}
    paragraphs = (inspect.getdoc(value) or "").split("\\n\\n")
    return option | {"info": "\\n\\n".join(paragraphs[:2])[:600]}


def lookup(name, names):
    """The value of a name where cells run."""
    if name in names:
        return names[name]
    if hasattr(builtins, name):
        return getattr(builtins, name)
    raise NameError(name)


def refuse_input(prompt=""):
    """Stands in for input(), which has no keyboard to wait for."""
    raise RuntimeError(
        "input() cannot ask in a page: write the value into the code, such as name = 'Ada'"
    )


def prepare():
    """Once, when everything is loaded."""
    sys.stdout, sys.stderr = page_out, Stream("stderr")
    install_display()
    widen_integers()
    builtins.input = refuse_input
    stand_in()


class Later(types.ModuleType):
    """Stands in for a module of \`DRAWING\` until a cell uses it."""

    def __getattr__(self, name):
        raise AttributeError(f"{self.__name__} is not loaded yet: write its name in this cell")


DRAWING = ("matplotlib", "matplotlib.pyplot", "lmcore.plotting")
drawing = styled = False  # whether matplotlib is here, and in the book's style when it comes


def stand_in():
    """Let cells import what draws, and set the book's style, before matplotlib is here."""

    def use_style():
        global styled
        styled = True

    sys.modules.update({name: Later(name) for name in DRAWING})
    sys.modules["matplotlib"].pyplot = sys.modules["matplotlib.pyplot"]
    sys.modules["lmcore.plotting"].use_style = use_style


def draw():
    """Matplotlib is here: every name of a stand-in means the real module from now on."""
    global drawing
    import lmcore

    for name in DRAWING:
        del sys.modules[name]
    vars(lmcore).pop("plotting", None)
    importlib.invalidate_caches()
    import matplotlib

    # it makes its list of fonts anew in every session, and would say so below the cell
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    matplotlib.use("agg")
    import matplotlib.pyplot

    matplotlib.pyplot.show = show_figures
    for name, value in namespace.items():
        if isinstance(value, Later):
            namespace[name] = importlib.import_module(value.__name__)
    if styled:
        importlib.import_module("lmcore.plotting").use_style()
    drawing = True


def beside_answers():
    """What an answer to a practice finds there already."""
    import numpy

    from lmcore import check as checks

    return {"__name__": "__main__", "np": numpy, "check": checks, "print": tell}


def check(source, tests, name):
    """Run an answer and its checks in a namespace of their own.

    Returns [[what was tried, message or None], ...].
    """
    begin()
    remember(source, name)
    answer = beside_answers()
    try:
        exec(compile(source, name, "exec"), answer)
    except BaseException as error:
        flush()
        return [["your code runs", explain(error, name)]]
    exec(compile(tests, "checks", "exec"), answer)
    flush()
    return [[result.name, result.message] for result in answer["results"]]
`;var s=(e,t={})=>self.postMessage({kind:e,...t}),i,l,o,f,u=[],k,v=!1,x={messageCallback:e=>{e.startsWith("Loading")&&s("note",{cell:o,text:e.replace("L","l")})},errorCallback:e=>s("stream",{cell:o,name:"stderr",text:`${e}
`})};async function N(e,t,r){let n=await fetch(e,t?{integrity:t}:{});if(!n.ok)throw new Error(`${r} could not be loaded (${n.status} from ${e})`);return n.arrayBuffer()}async function h({name:e,path:t,integrity:r}){let n=i.runPython("import site; site.getsitepackages()[0]");i.unpackArchive(await N(f+t,r,e),"zip",{extractDir:n}),i.runPython("import importlib; importlib.invalidate_caches()"),u=u.filter(m=>m.name!==e)}async function T(e){for(let t of u.filter(({when:r})=>new RegExp(r).test(e))){let r=Math.max(1,Math.round(t.bytes/1e6));s("note",{cell:o,text:`loading ${t.name}, ${r} MB`});try{await h(t)}catch(n){let m=n.message??n;throw new Error(`${t.name} could not be loaded (${m}): is there a connection?`)}}}async function R(e){v||!(b(e)||"matplotlib"in i.loadedPackages)||(await P("matplotlib"),l.draw(),v=!0)}async function P(e){if(await i.loadPackage(e,x),!(e in i.loadedPackages))throw new Error(`${e} could not be loaded from ${k}: is there a connection?`)}async function O({indexURL:e,core:t,library:r,wanted:n,...m}){({root:f,archives:u}=m),k=e;let y=new Map,g=self.fetch;self.fetch=(a,p)=>{let d=y.get(String(a.url??a));return d?Promise.resolve(new Response(d.bytes,{headers:{"Content-Type":d.type}})):g(a,p)};let E=0,c=a=>s("progress",{label:a,done:E++,of:Object.keys(t).length+n.length+3});await Promise.all(Object.entries(t).map(async([a,p])=>{let d=await N(e+a,p,a),w={wasm:"application/wasm",zip:"application/zip"}[a.split(".").at(-1)];w&&y.set(e+a,{bytes:d,type:w}),c(`loading ${a}`)})),c("starting Python");let{loadPyodide:S}=await import(e+"pyodide.mjs");i=await S({indexURL:e,lockFileURL:`${f}live/pyodide-lock.json`,env:{MPLBACKEND:"agg"}}),self.fetch=g,c("loading numpy"),await P("numpy"),c("installing lmcore"),await h({name:"lmcore",...r});for(let a of u.filter(({name:p})=>n.includes(p)))c(`unpacking ${a.name}`),await h(a);i.FS.writeFile("/session.py",_),i.runPython("import sys; sys.path.insert(0, '/'); importlib.invalidate_caches()"),l=i.pyimport("session"),l.send=(a,p)=>s(a,{cell:o,...p.toJs({dict_converter:Object.fromEntries})}),l.prepare()}self.onmessage=async({data:e})=>{try{if(e.kind==="load")return await O(e),s("ready");if(o=e.cell,e.kind==="fresh")return l.fresh(),s("done",{cell:o,trouble:null});if(e.kind==="complete"){let t=l.complete(e.source,e.alone);return s("completed",{cell:o,options:t.toJs({dict_converter:Object.fromEntries})}),t.destroy()}try{await T(e.source),await i.loadPackagesFromImports(l.absent(e.source),x),await R(e.source+(e.tests??""))}catch(t){return s("failed",{cell:o,text:t.message})}if(e.kind==="check"){let t=l.check(e.source,e.tests,e.name);s("checked",{cell:o,results:t.toJs()}),t.destroy()}else if(e.kind==="test"){let t=l.test(e.source,e.name),[r,n,m]=t.toJs();t.destroy(),s("checked",{cell:o,results:r,points:n,trouble:m})}else{let t=l.run(e.source,e.name);s("done",{cell:o,trouble:t??null})}}catch(t){s("failed",{cell:o,text:String(t?.message??t),broken:t?.name!=="PythonError"})}};
