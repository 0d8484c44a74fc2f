"""Reading C sources as far as the rules need it: no parser, but our own format.

clang-format keeps the tree in one style, so a function's body starts at a `{`
and ends at a `}` in the first column."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

TOKEN = re.compile(r"""/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.DOTALL)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)


def blank(text, comments=False, strings=False):
    """C text with its comments or strings made blank; lines stay where they are."""

    def replace(match):
        token = match.group()
        if token[0] in "\"'":
            return token[0] + " " * (len(token) - 2) + token[-1] if strings else token
        return re.sub(r"[^\n]", " ", token) if comments else token

    return TOKEN.sub(replace, text)


@dataclass
class Include:
    line: int
    name: str
    system: bool  # in angle brackets


@dataclass
class Function:
    name: str
    line: int
    lines: int  # of the body, braces included
    parameters: int


def _count_parameters(declaration):
    """(name, number of parameters) of a function's declaration, else None."""
    if "=" in declaration or declaration.lstrip().startswith("typedef"):
        return None
    for match in re.finditer(r"\b([A-Za-z_]\w*)\s*\(", declaration):
        name = match.group(1)
        if name == "__attribute__" or name.isupper():
            continue  # MUST_CHECK, PRINTF_LIKE(2, 3)
        depth, count, start = 1, 1, match.end()
        for at in range(start, len(declaration)):
            char = declaration[at]
            depth += (char in "([{") - (char in ")]}")
            if depth == 0:
                only = declaration[start:at].strip()
                return name, 0 if only in ("", "void") else count
            count += char == "," and depth == 1
        return None
    return None


class Source:
    """One C file of the tree."""

    def __init__(self, root, path):
        self.path = Path(path)
        self.where = self.path.relative_to(root).as_posix()
        self.text = self.path.read_text(encoding="utf-8")
        parts = self.where.split("/")
        self.top = parts[0]  # src, include or tests
        self.public = self.where.startswith("include/ucorn/")
        # The folder as src/LAYERS names it; src/main.c is the folder main.
        self.folder = None
        if self.public:
            self.folder = parts[2]
        elif self.top == "src":
            self.folder = parts[1] if len(parts) > 2 else "main"

    @cached_property
    def code(self):
        """Without comments, and with empty strings."""
        return blank(self.text, comments=True, strings=True)

    @cached_property
    def includes(self):
        text = blank(self.text, comments=True)
        return [
            Include(text.count("\n", 0, m.start()) + 1, m.group(2), m.group(1) == "<")
            for m in INCLUDE.finditer(text)
        ]

    @cached_property
    def functions(self):
        """The functions defined here."""
        lines = self.code.split("\n")
        found, start = [], None
        for number, line in enumerate(lines):
            if line.startswith("{") and start is None:
                start = number
            elif line.startswith("}") and start is not None:
                counted = _count_parameters(self._declaration_above(lines, start))
                if counted:
                    name, parameters = counted
                    found.append(Function(name, start + 1, number - start + 1, parameters))
                start = None
        return found

    @staticmethod
    def _declaration_above(lines, at):
        above = at
        while above > 0:
            line = lines[above - 1].rstrip()
            if not line or line.startswith("#") or line[-1] in ";}":
                break
            above -= 1
        return " ".join(lines[above:at])

    @cached_property
    def prototypes(self):
        """The functions declared here: name, line and parameters; lines is 0."""
        text = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", self._spaces, self.code, flags=re.MULTILINE)
        found, depth, start = [], 0, 0
        for at, char in enumerate(text):
            depth += (char == "{") - (char == "}")
            if depth == 0 and char in ";}":
                declaration = text[start:at]
                if char == ";" and "{" not in declaration and "(" in declaration:
                    counted = _count_parameters(declaration)
                    if counted:
                        line = text.count("\n", 0, at) + 1
                        found.append(Function(counted[0], line, 0, counted[1]))
                start = at + 1
        return found

    @staticmethod
    def _spaces(match):
        return re.sub(r"[^\n]", " ", match.group())


class Tree:
    """The checkout: its C files, and the other text files that some rules read."""

    C_FOLDERS = ("src", "include", "tests")
    TEXT_FOLDERS = ("src", "include", "tests", "cmake", "scripts", "docs", "examples", ".ci")
    TEXT_NAMES = re.compile(r"(\.(c|h|py|sh|md|txt|cmake|supp|1)|/LAYERS|scripts/\w+|\.ci/run)$")

    def __init__(self, root):
        self.root = Path(root).resolve()

    @cached_property
    def sources(self):
        paths = [p for f in self.C_FOLDERS for p in (self.root / f).rglob("*.[ch]")]
        return [Source(self.root, p) for p in sorted(paths)]

    @cached_property
    def texts(self):
        """(name, text) of every text file that people write."""
        paths = [p for f in self.TEXT_FOLDERS for p in (self.root / f).rglob("*")]
        paths += self.root.glob("*.*")
        found = []
        for path in sorted(paths):
            where = path.relative_to(self.root).as_posix()
            if path.is_file() and not path.is_symlink() and self.TEXT_NAMES.search("/" + where):
                found.append((where, path.read_bytes().decode()))  # carriage returns too
        return found

    @cached_property
    def layers(self):
        """The rows of src/LAYERS, lowest first."""
        rows = []
        for line in (self.root / "src/LAYERS").read_text(encoding="utf-8").splitlines():
            names = line.split("#")[0].split()
            if names:
                rows.append(names)
        return rows

    def visible(self, folder):
        """The folders whose headers folder may include; None if it is in no row."""
        lower = []
        for row in self.layers:
            if folder in row:
                return [*lower, folder]
            lower += row
        return None
