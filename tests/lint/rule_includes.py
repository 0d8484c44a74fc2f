"""Who may include what: the layer table, and the headers that stay in one place."""

from fnmatch import fnmatch

# Header, the files that may include it, what the others use.
CONFINED = [
    ("http_parser.h", ["src/http/reader.c"], "ucorn/http/reader.h"),
    (
        "ev.h",
        ["src/conn/reactor.c", "src/conn/reactor_state.h", "src/conn/pauses.c"],
        "ucorn/conn/reactor.h",
    ),
    ("openssl/*", ["src/net/io_tls.c"], "ucorn/net/io.h"),
    ("Python.h", ["include/ucorn/py/pyapi.h"], "ucorn/py/pyapi.h, which has the version gates"),
    (
        "ucorn/py/pyapi.h",
        ["src/py/*", "src/wsgi/*", "include/ucorn/py/*", "include/ucorn/wsgi/*"],
        "the functions of py, which take no Python object",
    ),
]


def layers(tree):
    """A folder includes only public headers of its own and of lower rows of src/LAYERS."""
    for source in tree.sources:
        if source.folder is None:
            continue
        visible = tree.visible(source.folder)
        if visible is None:
            yield source.where, 1, f"folder {source.folder} is in no row of src/LAYERS"
            continue
        for include in source.includes:
            parts = include.name.split("/")
            if parts[0] == "ucorn" and (len(parts) != 3 or parts[1] not in visible):
                yield (
                    source.where,
                    include.line,
                    f"{source.folder} may not include {include.name}: see src/LAYERS",
                )
            elif ".." in parts:
                yield source.where, include.line, f"{include.name} reaches into another folder"
            elif source.public and not include.system and parts[0] != "ucorn":
                yield source.where, include.line, f"a public header includes {include.name}"


def confined(tree):
    """Some libraries' headers are seen by one file or folder only."""
    for source in tree.sources:
        if source.folder is None:
            continue
        for include in source.includes:
            for header, allowed, instead in CONFINED:
                if not fnmatch(include.name, header):
                    continue
                if not any(fnmatch(source.where, pattern) for pattern in allowed):
                    yield (
                        source.where,
                        include.line,
                        f"{include.name} is for {', '.join(allowed)} only: use {instead}",
                    )
