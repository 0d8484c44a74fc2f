"""Each rule finds what it is for, and leaves good code alone."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import lint  # noqa: E402
import rule_banned  # noqa: E402
import rule_headers  # noqa: E402
import rule_includes  # noqa: E402
import rule_sizes  # noqa: E402
import rule_text  # noqa: E402
from source import Source, Tree  # noqa: E402

GOOD = {
    "src/LAYERS": "# lowest first\nutil\nhttp net\nconn py\nmain\n",
    "src/util/buf.c": '/* Bytes. */\n#include "ucorn/util/buf.h"\n\nint buf_len(int a)\n{\n\treturn a;\n}\n',
    "include/ucorn/util/buf.h": (
        "/* Bytes. */\n#ifndef UCORN_UTIL_BUF_H\n#define UCORN_UTIL_BUF_H\n\n"
        "int buf_len(int a);\n\n#endif\n"
    ),
    "src/http/reader.c": '/* Heads. */\n#include <http_parser.h>\n\n#include "strict.h"\n#include "ucorn/util/buf.h"\n',
    "src/http/strict.h": (
        '/* Lines. */\n#ifndef UCORN_HTTP_STRICT_H\n#define UCORN_HTTP_STRICT_H\n\n'
        '#include "ucorn/util/buf.h"\n\nstatic inline int strict(void)\n{\n\treturn buf_len(1);\n}\n\n#endif\n'
    ),
    "src/main.c": '/* The program. */\n#include "ucorn/conn/conn.h"\n',
    "tests/unit/test_buf.c": '/* buf.c */\n#include "ucorn/util/buf.h"\n',
}


@pytest.fixture
def breaches(tmp_path):
    """breaches(rule, {file: text}): what rule says of the good tree with these files."""

    def run(rule, files):
        for name, text in {**GOOD, **files}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        return [(where, line) for where, line, _ in rule(Tree(tmp_path))]

    return run


def function(lines, signature="int f(void)"):
    """A function whose body has that many lines, braces included."""
    return f"/* f */\n{signature}\n{{\n" + "\ta();\n" * (lines - 2) + "}\n"


@pytest.mark.parametrize("rule", lint.RULES, ids=lambda rule: rule.__name__)
def test_good_tree_passes(breaches, rule):
    assert breaches(rule, {}) == []


@pytest.mark.parametrize("rule", lint.RULES, ids=lambda rule: rule.__name__)
def test_rule_says_what_it_asks_for(rule):
    assert rule.__doc__


@pytest.mark.parametrize(
    "name, include",
    [
        ("src/util/a.c", '"ucorn/http/reader.h"'),  # up
        ("src/http/a.c", '"ucorn/net/io.h"'),  # sideways
        ("include/ucorn/net/a.h", '"ucorn/conn/conn.h"'),  # up, from a public header
        ("src/net/a.c", '"ucorn/io.h"'),  # no folder
        ("src/net/a.c", '"../http/strict.h"'),  # a private header of another folder
        ("include/ucorn/http/a.h", '"strict.h"'),  # a private header in a public one
        ("src/attic/a.c", "<stdio.h>"),  # a folder without a row
    ],
)
def test_layers(breaches, name, include):
    text = f"#include {include}\n"
    assert breaches(rule_includes.layers, {name: text}) == [(name, 1)]


def test_layers_ignore_comments(breaches):
    text = '/* not\n#include "ucorn/conn/conn.h"\n*/\n'
    assert breaches(rule_includes.layers, {"src/util/a.c": text}) == []


@pytest.mark.parametrize(
    "name, include",
    [
        ("src/http/strict.c", "<http_parser.h>"),
        ("src/net/io_plain.c", "<ev.h>"),
        ("include/ucorn/conn/reactor.h", "<ev.h>"),
        ("src/backend/green.c", "<ev.h>"),
        ("src/net/io_plain.c", "<openssl/ssl.h>"),
        ("src/py/gil.c", "<Python.h>"),
        ("src/master/master.c", '"ucorn/py/pyapi.h"'),
    ],
)
def test_confined(breaches, name, include):
    text = f"/* a */\n#include {include}\n"
    assert breaches(rule_includes.confined, {name: text}) == [(name, 2)]


@pytest.mark.parametrize(
    "name, include",
    [
        ("src/conn/reactor.c", "<ev.h>"),
        ("src/conn/reactor_state.h", "<ev.h>"),
        ("src/net/io_tls.c", "<openssl/ssl.h>"),
        ("include/ucorn/py/pyapi.h", "<Python.h>"),
        ("src/wsgi/app.c", '"ucorn/py/pyapi.h"'),
    ],
)
def test_confined_where_it_belongs(breaches, name, include):
    assert breaches(rule_includes.confined, {name: f"#include {include}\n"}) == []


@pytest.mark.parametrize(
    "name, limit", [("src/net/a.c", 500), ("include/ucorn/net/a.h", 500), ("tests/unit/a.c", 800)]
)
def test_file_size(breaches, name, limit):
    assert breaches(rule_sizes.file_size, {name: "x\n" * limit}) == []
    assert breaches(rule_sizes.file_size, {name: "x\n" * (limit + 1)}) == [(name, limit + 1)]


def test_function_size(breaches):
    name = "src/net/a.c"
    assert breaches(rule_sizes.function_size, {name: function(70)}) == []
    assert breaches(rule_sizes.function_size, {name: function(71)}) == [(name, 3)]


def test_function_size_lets_tables_be(breaches):
    table = "/* rows */\nstatic const int rows[] = {\n" + "\t1,\n" * 100 + "};\n"
    assert breaches(rule_sizes.function_size, {"src/net/a.c": table}) == []


SEVEN = "int a, int b, int c, int d, int e, int f, int g"


@pytest.mark.parametrize(
    "signature, ends",
    [
        (f"int f({SEVEN})", "\n{\n}\n"),
        (f"MUST_CHECK int f({SEVEN})", ";\n"),
        (f"int f({SEVEN}) PRINTF_LIKE(1, 2)", ";\n"),
        (f"static inline int f(\n\t{SEVEN})", "\n{\n}\n"),
    ],
)
def test_parameters(breaches, signature, ends):
    assert len(breaches(rule_sizes.parameters, {"src/net/a.c": signature + ends})) == 1


@pytest.mark.parametrize(
    "text",
    [
        "int f(int a, int (*call)(int, int, int), int c, int d, int e, int g);\n",
        "#define F(a, b, c, d, e, f, g) \\\n\tcall(a, b, c, d, e, f, g);\n",
        "int f(void)\n{\n\treturn call(1, 2, 3, 4, 5, 6, 7);\n}\n",
        "static const struct row r = ROW(1, 2, 3, 4, 5, 6, 7);\n",
        "int f(void);\n",
    ],
)
def test_parameters_good(breaches, text):
    assert breaches(rule_sizes.parameters, {"src/net/a.c": text}) == []


def test_statistics_line(tmp_path):
    path = tmp_path / "src/net/a.c"
    path.parent.mkdir(parents=True)
    path.write_text(function(3) + function(5, "int g(void)") + function(40, "int h(void)"))
    assert rule_sizes.statistics_line(Tree(tmp_path)) == (
        "3 functions of src: median 5 lines, 90 % within 40, longest 40 (h in src/net/a.c)"
    )


@pytest.mark.parametrize(
    "call",
    "strcpy(a, b) strcat(a, b) strncpy(a,b,c) sprintf(a, b) vsprintf(a, b, c) gets(a) strtok(a,b)"
    " atoi(a) atol(a) alloca(n) setjmp(e) longjmp(e,1) sigsetjmp(e,1) signal(2,h) localtime(t)"
    " select(n,a,b,c,d) mktemp(t) system(c) PyDict_GetItem(d,k) ev_default_loop EV_DEFAULT_UC".replace(
        ", ", ","
    ).split(),
)
def test_banned(breaches, call):
    text = f"/* a */\nint f(void)\n{{\n\treturn {call};\n}}\n"
    assert breaches(rule_banned.banned, {"src/net/a.c": text}) == [("src/net/a.c", 4)]


@pytest.mark.parametrize(
    "text",
    [
        "/* strcpy(a, b) is not used */\n",
        'const char *s = "strcpy(a, b)";\n',
        "snprintf(a, n, b);\n",
        "x->ops->select(x);\n",
        "struct sigaction signal;\n",
        "signal(SIGPIPE, SIG_IGN);\n",
        "my_strcpy(a, b);\n",
        "PyDict_GetItemWithError(d, k);\n",
    ],
)
def test_banned_good(breaches, text):
    assert breaches(rule_banned.banned, {"src/net/a.c": text}) == []


@pytest.mark.parametrize("name", ["src/net/a.c", "include/ucorn/net/a.h", "tests/unit/test_a.c"])
def test_opening_comment(breaches, name):
    assert breaches(rule_text.opening_comment, {name: "#include <stdio.h>\n"}) == [(name, 1)]


@pytest.mark.parametrize(
    "text",
    [
        "/* a */\nint a;\n",
        "/* a */\n#ifndef NET_A_H\n#define NET_A_H\n#endif\n",
        "/* a */\n#ifndef UCORN_NET_A_H\n#define UCORN_NET_B_H\n#endif\n",
        "/* a */\n#ifndef UCORN_NET_A_H\n#define UCORN_NET_A_H\n#endif\nint a;\n",
        "/* a */\n#pragma once\n",
    ],
)
@pytest.mark.parametrize("name", ["include/ucorn/net/a.h", "src/net/a.h"])
def test_include_guards(breaches, name, text):
    assert breaches(rule_text.include_guards, {name: text}) == [(name, 1)]


@pytest.mark.parametrize("text", ["a \n", "a\t\n", "a\r\n", "a\n\n \n", "a\nb"])
@pytest.mark.parametrize("name", ["src/net/a.c", "docs/a.md", "scripts/run", "README.md"])
def test_blanks(breaches, name, text):
    assert len(breaches(rule_text.blanks, {name: text})) == 1


def test_blanks_may_be_in_test_data(breaches):
    assert breaches(rule_text.blanks, {"tests/http/a.http": "GET / HTTP/1.1\r\n\r\n "}) == []


@pytest.mark.parametrize("word", ["TO" "DO", "FIX" "ME", "XX" "X"])
@pytest.mark.parametrize("name", ["src/net/a.c", "scripts/run", "cmake/a.cmake", "tests/a.py"])
def test_leftovers(breaches, name, word):
    assert breaches(rule_text.leftovers, {name: f"one\n# {word}: more\n"}) == [(name, 2)]


def test_leftovers_let_strings_be(breaches):
    text = 'char path[] = "/tmp/ucorn-XXXXXX";\nsetenv("TZ", "XX' 'X-5:30", 1);\n'
    assert breaches(rule_text.leftovers, {"src/net/a.c": text}) == []


def header(body):
    return f"/* a */\n#ifndef UCORN_NET_A_H\n#define UCORN_NET_A_H\n{body}\n#endif\n"


@pytest.mark.parametrize(
    "body",
    [
        "size_t a(void);",  # forgets its include
        "struct a { struct unknown u; };",
        '#include "ucorn/py/pyapi.h"',  # a folder that net does not see
        "static inline int a(int unused)\n{\n\treturn 1;\n}",
    ],
)
def test_headers_alone(breaches, body):
    files = {"include/ucorn/net/a.h": header(body), "include/ucorn/py/pyapi.h": "/* a */\n"}
    assert breaches(rule_headers.headers_alone, files) == [("include/ucorn/net/a.h", 1)]


def test_headers_alone_python_for_py_only(breaches):
    text = "#include <Python.h>\nPyObject *a(void);\n"
    assert breaches(rule_headers.headers_alone, {"include/ucorn/py/a.h": text}) == []
    found = breaches(rule_headers.headers_alone, {"include/ucorn/net/a.h": text})
    assert found == [("include/ucorn/net/a.h", 1)]


def test_source_finds_functions(tmp_path):
    path = tmp_path / "src/net/a.c"
    path.parent.mkdir(parents=True)
    path.write_text(
        "/* a */\n"
        "struct s {\n\tint (*op)(int a, int b);\n};\n"
        "static const struct s rows[] = {\n\t{0},\n};\n"
        "MUST_CHECK static int one(struct s *s, const char *fmt, ...)\n{\n}\n"
        'int two(void)\n{\n\tchar c = \'"\', d = \'{\';\n\treturn *"}";\n}\n'
    )
    found = Source(tmp_path, path).functions
    assert [(f.name, f.line, f.lines, f.parameters) for f in found] == [
        ("one", 9, 2, 3),
        ("two", 12, 4, 0),
    ]
