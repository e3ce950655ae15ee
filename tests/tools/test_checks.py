#!/usr/bin/env python3
"""Each house rule fires on a source that breaks it, stays silent on one that keeps it, and can be waived."""
import pathlib
import subprocess
import sys
import tempfile

from support import ROOT, run

LAYERS = "layer 0\nbase:\nlayer 1\narrow:\nlayer 2\nengine: arrow\nschema: arrow\nlayer 3\ncli: public\n"


def project(files):
    """A small tree on disk: {path: text}."""
    folder = tempfile.TemporaryDirectory()
    for name, text in {"src/LAYERS": LAYERS, **files}.items():
        path = pathlib.Path(folder.name, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (pathlib.Path(folder.name) / "include/pinion").mkdir(parents=True, exist_ok=True)
    return folder


def checksrc(text, name="src/plan/a.c"):
    with project({name: text}) as folder:
        done = subprocess.run([sys.executable, str(ROOT / "tools/checksrc"), name], cwd=folder,
                              capture_output=True, text=True)
    return done.returncode, done.stdout


def on_tree(tool, files):
    with project(files) as folder:
        done = subprocess.run([sys.executable, str(ROOT / "tools" / tool), folder],
                              capture_output=True, text=True)
    return done.returncode, done.stdout


def fires(rule, text, name="src/plan/a.c"):
    code, out = checksrc(text, name)
    assert code == 1 and f"[{rule}]" in out, out


def silent(text, name="src/plan/a.c"):
    code, out = checksrc(text, name)
    assert code == 0, out


def body(lines):
    return "int f(void) {\n" + "    g();\n" * lines + "}\n"


def banned_calls():
    fires("banned", "void f(void) {\n    free(0);\n}\n")
    fires("banned", "void f(void) {\n    printf(\"x\");\n}\n")
    silent("void f(void) {\n    pni_free(0);\n    snprintf(0, 0, \"\");\n    x->free(0);\n}\n")
    silent("/* free() is banned */\nconst char *text = \"free(x)\";\n")
    silent("void f(void) {\n    free(0);\n}\n", "src/base/a.c")


def sizes():
    silent(body(78))
    fires("function-length", body(79))
    fires("file-length", "int x;\n" * 901)
    fires("file-length", "int x;\n" * 401, "src/plan/a.h")
    fires("file-length", "// x\n" * 501, "engine/src/a.rs")
    fires("function-length", "fn f() {\n" + "    g();\n" * 79 + "}\n", "engine/src/a.rs")
    fires("line-length", "int x; /* " + "y" * 100 + " */\n")


def parameters_and_nesting():
    silent("void f(int a, int b, int c, int d, int e, int g) {\n    h();\n}\n")
    fires("parameters", "void f(int a, int b, int c, int d, int e,\n       int g, int h) {\n    i();\n}\n")
    nested = lambda n: "void f(void) {\n" + "".join("    " * i + "if (x) {\n" for i in range(1, n + 1)) + \
        "".join("    " * i + "}\n" for i in range(n, 0, -1)) + "}\n"
    silent(nested(4))
    fires("nesting", nested(5))


def unfinished_places_and_paths():
    fires("unfinished", "/* TO" + "DO: later */\n")
    silent("/* TO" + "DO(#12): later */\n")
    fires("unfinished", 'const char *x = "not ' + 'implemented";\n')
    fires("machine-path", 'const char *x = "/ho' + 'me/me";\n')


def what_is_no_source_is_checked_for_what_applies():
    silent("x" * 200 + "\n\nfree(0)\n", "docs/a.md")
    silent("a,b\n" * 1000, "docs/a.csv")
    fires("unfinished", "TO" + "DO\n", "docs/a.md")
    fires("machine-path", "in /ho" + "me/me\n", "docs/a.md")
    done = subprocess.run([sys.executable, str(ROOT / "tools/checksrc"), "gone.md"],
                          capture_output=True, text=True)
    assert done.returncode == 1 and "no such file: gone.md" in done.stderr, done.stderr


def waivers_are_counted_and_must_be_used():
    code, out = checksrc("/* checksrc: allow banned it owns the heap here */\nint x = free(0);\n")
    assert code == 0 and "1 waivers" in out and "it owns the heap here" in out, out
    fires("unused-waiver", "/* checksrc: allow banned nothing here */\nint x;\n")
    fires("bare-waiver", "int x = free(0); /* checksrc: allow banned */\n")


def layers_go_down():
    good = {"src/engine/a.c": '#include "engine/a.h"\n#include "arrow/b.h"\n#include "base/base.h"\n'
                              '#include "pinion/base.h"\n#include <stdio.h>\n#include "pn_engine.h"\n'}
    assert on_tree("check-layers", good)[0] == 0, on_tree("check-layers", good)
    for source, header, words in [
            ("src/arrow/a.c", '"engine/e.h"', "does not stand on 'engine'"),
            ("src/engine/a.c", '"schema/s.h"', "does not stand on 'schema'"),
            ("src/engine/a.c", '"arrow/a_priv.h"', "private to 'arrow'"),
            ("src/arrow/a.c", '"pn_engine.h"', "only src/engine"),
            ("src/cli/a.c", '"base/base.h"', "may include <pinion/"),
            ("src/engine/a.c", '"nonsense/a.h"', "no module 'nonsense'"),
            ("src/other/a.c", '"base/base.h"', "is not a module"),
            ("tests/unit/arrow/a.c", '"engine/e.h"', "does not stand on 'engine'")]:
        code, out = on_tree("check-layers", {source: f"#include {header}\n"})
        assert code == 1 and words in out, (source, header, out)


def the_graph_itself_is_checked():
    for graph, words in [("layer 0\nbase:\nlayer 1\na: b\nlayer 2\nb:\n", "not below it"),
                         ("layer 0\nbase:\nlayer 1\nb:\na: b\n", "on one layer")]:
        code, out = on_tree("check-layers", {"src/LAYERS": graph})
        assert code == 1 and words in out, out


def public_headers_stay_public():
    code, out = on_tree("check-layers", {"include/pinion/a.h": '#include "base/base.h"\n'})
    assert code == 1 and "a public header" in out, out


DOC = "/**\n * Opens it.\n *\n * @owns x\n * @errors IO\n * @threads any\n * @since 0.1\n */\n"
DECLARATION = "PN_API PN_NODISCARD pn_status pn_x_open(PN_OWN pn_x **out, pn_error *err);\n"


def public_functions_are_documented():
    assert on_tree("check-docs", {"include/pinion/a.h": DOC + DECLARATION})[0] == 0
    for cut, words in [(" * Opens it.\n *\n", "a summary"), (" * @owns x\n", "@owns"),
                       (" * @errors IO\n", "@errors"), (" * @threads any\n", "@threads"),
                       (" * @since 0.1\n", "@since"), (DOC, "a doc comment")]:
        code, out = on_tree("check-docs", {"include/pinion/a.h": DOC.replace(cut, "") + DECLARATION})
        assert code == 1 and f"pn_x_open lacks {words}" in out, out


def modules_have_a_readme_and_files_a_reason():
    source = {"src/base/a.c": "/* why */\nint x;\n"}
    code, out = on_tree("check-docs", source)
    assert code == 1 and "src/base: no README.md" in out, out
    assert on_tree("check-docs", {**source, "src/base/README.md": "# base\n"})[0] == 0
    code, out = on_tree("check-docs", {"src/base/a.c": "int x;\n", "src/base/README.md": "x\n"})
    assert code == 1 and "does not open with its reason" in out, out


def the_spec_map_points_at_what_exists():
    head = "name,kind,ours,test,note\n"
    tree = {"include/pinion/a.h": "pn_status pn_x_open(void);\n", "src/cli/cmd_run.c": "/* */\n",
            "tests/unit/a.c": "T_CASE(opens) {}\n", "docs/decisions/0001-no.md": "no\n"}
    good = "a,symbol,pn_x_open;pinion run,tests/unit/a.c::opens,\nb,setting,,,later\n" \
           "c,dropped,docs/decisions/0001-no.md,,\n"
    code, out = on_tree("check-spec-map", {**tree, "docs/spec-map.csv": head + good})
    assert code == 0 and "3 names, 1 open" in out, out
    for row, words in [("a,symbol,pn_y,,", "no public symbol"), ("a,verb,pinion walk,,", "no verb"),
                       ("a,page,docs/none.md,,", "no file"), ("a,symbol,,tests/none.c,", "no test file"),
                       ("a,symbol,,tests/unit/a.c::shuts,", "no case 'shuts'"),
                       ("c,dropped,,,later", "needs its decision page"),
                       ("d,symbol,,,some day", "which issue brings it")]:
        code, out = on_tree("check-spec-map", {**tree, "docs/spec-map.csv": head + row + "\n"})
        assert code == 1 and words in out, out
    assert on_tree("check-spec-map", tree)[0] == 1


run([banned_calls, sizes, parameters_and_nesting, unfinished_places_and_paths,
     what_is_no_source_is_checked_for_what_applies,
     waivers_are_counted_and_must_be_used, layers_go_down, the_graph_itself_is_checked,
     public_headers_stay_public, public_functions_are_documented,
     modules_have_a_readme_and_files_a_reason, the_spec_map_points_at_what_exists])
