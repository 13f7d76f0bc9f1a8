var f=`"""What a page's cells run in: one namespace, outputs sent to the page as they come."""
import ast
import base64
import io
import linecache
import sys
import traceback
import types

send = None                                  # set by the worker: send(kind, payload)
namespace = {"__name__": "__main__"}


class Stream(io.TextIOBase):
    """A stdout or stderr that hands each piece of text to the page."""

    def __init__(self, name):
        self.name = name

    def write(self, text):
        if text:
            send("stream", {"name": self.name, "text": text})
        return len(text)


def show(value):
    """Send a value as the richest thing that it can be, like a notebook."""
    for method, mime in (("_repr_html_", "text/html"), ("_repr_svg_", "image/svg+xml")):
        rich = getattr(value, method, None)
        if callable(rich) and (content := rich()) is not None:
            return send("display", {"mime": mime, "data": content})
    content = getattr(value, "markdown", None)
    send("display", {"mime": "text/plain", "data": content if isinstance(content, str) else repr(value)})


def show_figures(*_, **__):
    """Send every open figure and close it; stands in for matplotlib.pyplot.show."""
    pyplot = sys.modules["matplotlib.pyplot"]
    for number in pyplot.get_fignums():
        figure, content = pyplot.figure(number), io.BytesIO()
        figure.savefig(content, format="svg", bbox_inches="tight", metadata={"Date": None})
        send("display", {"mime": "image/svg+xml", "data": content.getvalue().decode()})
    pyplot.close("all")


def install_display():
    """IPython.display as far as the notebooks use it; IPython itself would be another two megabytes."""
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
        @property
        def markdown(self):
            return self.data

    module = types.ModuleType("IPython.display")
    module.HTML, module.SVG, module.Markdown = HTML, SVG, Markdown
    module.display = lambda *values, **_: [show(value) for value in values] and None
    package = types.ModuleType("IPython")
    package.display = module
    package.get_ipython = lambda: None           # matplotlib asks
    sys.modules.update({"IPython": package, "IPython.display": module})
    namespace["display"] = module.display


def run(source, name):
    """Run a cell; returns None, or the traceback without the frames of this file."""
    remember(source, name)
    try:
        body = ast.parse(source, name).body
        last = ast.Expression(body.pop().value) if body and isinstance(body[-1], ast.Expr) else None
        exec(compile(ast.Module(body, type_ignores=[]), name, "exec"), namespace)
        if last is not None:
            value = eval(compile(last, name, "eval"), namespace)
            if value is not None and not source.rstrip().endswith(";"):
                namespace["_"] = value
                show(value)
        if "matplotlib.pyplot" in sys.modules:
            show_figures()
    except SystemExit:
        return None
    except BaseException as error:
        return explain(error, name)
    return None


def explain(error, name):
    """A traceback that begins in the reader's own code."""
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename != name:
        frames = frames.tb_next
    return "".join(traceback.format_exception(type(error), error, frames))


def remember(source, name):
    """Let tracebacks quote a cell's lines."""
    linecache.cache[name] = (len(source), None, [line + "\\n" for line in source.split("\\n")], name)


def prepare():
    """Once, when everything is loaded."""
    sys.stdout, sys.stderr = Stream("stdout"), Stream("stderr")
    install_display()
    try:
        import matplotlib
    except ImportError:
        return
    matplotlib.use("agg")
    import matplotlib.pyplot

    matplotlib.pyplot.show = show_figures


def check(source, tests, name):
    """Run an answer and its checks in a namespace of their own; returns [[what was tried, message or None], ...]."""
    import numpy

    from lmcore.grading import check as checks

    remember(source, name)
    answer = {"__name__": "__main__", "np": numpy, "check": checks}
    try:
        exec(compile(source, name, "exec"), answer)
    except BaseException as error:
        return [["your code runs", explain(error, name)]]
    exec(compile(tests, "checks", "exec"), answer)
    return [[result.name, result.message] for result in answer["results"]]
`;var o=(e,t={})=>self.postMessage({kind:e,...t}),s,l,r;async function p(e,t,c){let n=await fetch(e,t?{integrity:t}:{});if(!n.ok)throw new Error(`${c} could not be loaded (${n.status} from ${e})`);return n.arrayBuffer()}async function b({root:e,indexURL:t,core:c,wheel:n,archives:d,packages:u}){let h=0,i=a=>o("progress",{label:a,done:h++,of:Object.keys(c).length+d.length+3});await Promise.all(Object.entries(c).map(async([a,m])=>{await p(t+a,m,a),i(`loading ${a}`)})),i("starting Python");let{loadPyodide:y}=await import(t+"pyodide.mjs");s=await y({indexURL:t,lockFileURL:`${e}live/pyodide-lock.json`,env:{MPLBACKEND:"agg"}}),i(`loading ${u.join(", ")}`),await s.loadPackage(u,{messageCallback:()=>{},errorCallback:a=>o("note",{text:a})}),i("installing lmcore"),s.unpackArchive(await p(e+n.path,n.integrity,"lmcore"),"wheel");let _=s.runPython("import site; site.getsitepackages()[0]");for(let a of d)i(`unpacking ${a.name}`),s.unpackArchive(await p(e+a.path,a.integrity,a.name),"zip",{extractDir:_});s.FS.writeFile("/session.py",f),s.runPython("import sys; sys.path.insert(0, '/'); import importlib; importlib.invalidate_caches()"),l=s.pyimport("session"),l.send=(a,m)=>o(a,{cell:r,...m.toJs({dict_converter:Object.fromEntries})}),l.prepare()}self.onmessage=async({data:e})=>{try{if(e.kind==="load")await b(e),o("ready");else if(e.kind==="check"){r=e.cell;let t=l.check(e.source,e.tests,e.name);o("checked",{cell:r,results:t.toJs()}),t.destroy()}else{r=e.cell;let t=l.run(e.source,e.name);o("done",{cell:r,trouble:t??null})}}catch(t){o("failed",{cell:r,text:String(t?.message??t)})}};
