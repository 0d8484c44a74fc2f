"""Each header compiles alone, with no more include path than its folder has."""

import os
import subprocess
import sysconfig
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

FLAGS = ["-std=c11", "-D_GNU_SOURCE", '-DUCORN_VERSION=""', "-Wall", "-Wextra", "-Werror"]
WITH_PYTHON = ("py", "wsgi")


def _include_path(tree, folder, under):
    """As cmake/Layers.cmake does it: links to the header folders that folder sees."""
    path = Path(under) / folder
    (path / "ucorn").mkdir(parents=True)
    for seen in tree.visible(folder) or []:
        target = tree.root / "include/ucorn" / seen
        if target.is_dir():
            (path / "ucorn" / seen).symlink_to(target)
    return path


def _compile(source, include_path):
    command = ["gcc", "-fsyntax-only", *FLAGS, "-I", str(include_path)]
    if source.folder in WITH_PYTHON:
        command += ["-isystem", sysconfig.get_path("include")]
    command += ["-x", "c", str(source.path)]
    return subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)


def headers_alone(tree):
    """Every header can be the first and only one that is included."""
    headers = [s for s in tree.sources if s.folder and s.where.endswith(".h")]
    with tempfile.TemporaryDirectory() as under, ThreadPoolExecutor(os.cpu_count()) as pool:
        paths = {f: _include_path(tree, f, under) for f in {h.folder for h in headers}}
        results = pool.map(lambda h: _compile(h, paths[h.folder]), headers)
        for header, result in zip(headers, results):
            if result.returncode:
                yield header.where, 1, "does not compile alone:\n" + result.stderr.rstrip()
