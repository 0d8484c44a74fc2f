"""Functions that are not used, each with the reason and what to use."""

import re

# Names (a regular expression of a whole word), why not, what instead.
CALLS = [
    ("strcpy|strcat|stpcpy", "write past the end of what they are given", "buf_append, memcpy"),
    ("strncpy|strncat", "leave off the NUL, or count it wrongly", "buf_append, snprintf"),
    ("v?sprintf", "writes past the end of what it is given", "snprintf, buf_append_fmt"),
    ("gets", "knows no length", "read into a buf"),
    ("strtok", "keeps state between calls and writes to its input", "slice_next_element"),
    ("ato(i|l|ll|f)", "cannot tell 0 from an error", "slice_to_u64"),
    ("alloca", "overruns the stack without notice", "an arena"),
    ("(sig)?(set|long)jmp", "leaves without clean-up", "return codes"),
    # Ignoring a signal, or not, means the same everywhere.
    (r"signal(?!\s*\([^)]*SIG_(?:IGN|DFL))", "may reset its handler", "sigaction"),
    ("(local|gm)time|ctime|asctime", "share one static result between threads", "gmtime_r"),
    ("select", "corrupts memory beyond descriptor 1023", "poll"),
    ("mktemp|tmpnam|tempnam", "race with who creates the name first", "mkstemp, O_TMPFILE"),
    ("system|popen", "run a shell", "fork and exec"),
    ("PyDict_GetItem(String)?", "hides exceptions", "PyDict_GetItemWithError"),
]

# Names that may not even be mentioned.
NAMES = [
    (
        # ev_default_loop_uc_ only looks whether there is one.
        r"ev_default_loop(?!_uc_\b)\w*|EV_DEFAULT\w*",
        "gevent uses libev's default loop in the same process",
        "ev_loop_new",
    ),
]

# A member of that name (`ops->select(...)`) is another function.
PATTERNS = [(re.compile(rf"(?<![.>])\b({names})\s*\("), *rest) for names, *rest in CALLS]
PATTERNS += [(re.compile(rf"\b({names})\b"), *rest) for names, *rest in NAMES]


def banned(tree):
    """Functions of the table in rule_banned.py are not called."""
    for source in tree.sources:
        for pattern, why, instead in PATTERNS:
            for match in pattern.finditer(source.code):
                line = source.code.count("\n", 0, match.start()) + 1
                yield source.where, line, f"{match.group(1)}: {why}; use {instead}"
