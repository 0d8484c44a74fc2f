"""Sizes: what fits on a screen is read."""

import statistics

FILE_LINES = 500
TEST_FILE_LINES = 800
FUNCTION_LINES = 70
PARAMETERS = 6


def file_size(tree):
    """Files of src and include have at most 500 lines, tests 800."""
    for source in tree.sources:
        limit = TEST_FILE_LINES if source.top == "tests" else FILE_LINES
        lines = source.text.count("\n")
        if lines > limit:
            yield source.where, limit + 1, f"{lines} lines, more than {limit}: split it"


def function_size(tree):
    """Functions of src and include have at most 70 lines."""
    for source in tree.sources:
        if source.top == "tests":
            continue
        for function in source.functions:
            if function.lines > FUNCTION_LINES:
                yield (
                    source.where,
                    function.line,
                    f"{function.name} has {function.lines} lines, more than {FUNCTION_LINES}",
                )


def parameters(tree):
    """Functions take at most 6 parameters."""
    for source in tree.sources:
        for function in [*source.functions, *source.prototypes]:
            if function.parameters > PARAMETERS:
                yield (
                    source.where,
                    function.line,
                    f"{function.name} takes {function.parameters} parameters,"
                    f" more than {PARAMETERS}: pass a struct",
                )


def statistics_line(tree):
    functions = [(f.lines, f.name, s.where) for s in tree.sources if s.top == "src" for f in s.functions]
    if not functions:
        return "no functions yet"
    sizes = sorted(lines for lines, _, _ in functions)
    longest = max(functions)
    return (
        f"{len(sizes)} functions of src: median {statistics.median(sizes):.0f} lines,"
        f" 90 % within {sizes[(len(sizes) * 9 - 1) // 10]},"
        f" longest {longest[0]} ({longest[1]} in {longest[2]})"
    )
