"""Writes pylib.inc: the Python modules below a folder as C arrays, each as its source and as the
code that this interpreter compiles of it, so that a server starts without compiling.

    embed_python.py FOLDER OUTPUT"""

import importlib.util
import marshal
import sys
from pathlib import Path


def module_name(path):
    """a/b/__init__.py is the module a.b"""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def array(name, data):
    numbers = ",".join(map(str, data))
    return f"static const unsigned char {name}[] = {{{numbers}}};\n"


def main(folder, output):
    arrays, rows = [array("bytecode_magic", importlib.util.MAGIC_NUMBER)], []
    for path in sorted(folder.rglob("*.py")):
        relative = path.relative_to(folder)
        name = module_name(relative)
        source = path.read_bytes()
        # As ucorn.importer shows it in tracebacks.
        code = compile(source, f"<ucorn>/{relative.as_posix()}", "exec", dont_inherit=True)
        suffix = name.replace(".", "__")
        arrays += [array(f"source_{suffix}", source), array(f"code_{suffix}", marshal.dumps(code))]
        rows.append(f"\tMODULE({name}, source_{suffix}, code_{suffix}),\n")
    table = "static const struct pylib_module modules[] = {\n" + "".join(rows) + "};\n"
    output.write_text("".join(arrays) + table)


main(Path(sys.argv[1]), Path(sys.argv[2]))
