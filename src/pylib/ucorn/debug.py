"""Prints each line of Python as it is executed, with the values of the names in it."""

import linecache
import re
import sys

__all__ = ["spew", "unspew"]


class Spew:
    """For sys.settrace.  trace_names: the modules to print, None for all."""

    def __init__(self, trace_names=None, show_values=True):
        self.trace_names = trace_names
        self.show_values = show_values

    def __call__(self, frame, event, arg):
        name = frame.f_globals.get("__name__", "[unknown]")
        if event == "line" and (self.trace_names is None or name in self.trace_names):
            self._print(frame, name)
        return self

    def _print(self, frame, name):
        line = linecache.getline(frame.f_code.co_filename, frame.f_lineno, frame.f_globals)
        print("%s:%s: %s" % (name, frame.f_lineno, line.rstrip()))
        if not self.show_values:
            return
        values = [
            "%s=%r" % (word, names[word])
            for word in dict.fromkeys(re.findall(r"\w+", line))
            for names in (frame.f_globals, frame.f_locals)
            if word in names
        ]
        if values:
            print("\t" + " ".join(values))


def spew(trace_names=None, show_values=False):
    sys.settrace(Spew(trace_names, show_values))


def unspew():
    sys.settrace(None)
