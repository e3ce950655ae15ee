#!/usr/bin/env python3
"""Compiles each public header alone as C11, C17 and C++17 with every warning an error, in TAP."""
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
CC, CXX = os.environ.get("CC", "cc"), os.environ.get("CXX", "c++")
MODES = [("C11", [CC, "-x", "c", "-std=c11"]), ("C17", [CC, "-x", "c", "-std=c17"]),
         ("C++17", [CXX, "-x", "c++", "-std=c++17"])]
FLAGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", f"-I{ROOT / 'include'}"]


def compile_alone(header, command, folder):
    source = pathlib.Path(folder) / "alone.c"
    # Twice: the include guard is part of the promise.
    source.write_text(f'#include "pinion/{header.name}"\n#include "pinion/{header.name}"\n'
                      "int main(void) { return 0; }\n")
    return subprocess.run([*command, *FLAGS, str(source)], capture_output=True, text=True)


def main():
    headers = sorted((ROOT / "include/pinion").glob("*.h"))
    print(f"1..{len(headers) * len(MODES)}")
    number = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for header in headers:
            for mode, command in MODES:
                number += 1
                result = compile_alone(header, command, folder)
                failed += result.returncode != 0
                print(f"{'not ' if result.returncode else ''}ok {number} - {header.name} as {mode}")
                for line in result.stderr.splitlines()[:12]:
                    print(f"#   {line}")
    return 1 if failed or not headers else 0


if __name__ == "__main__":
    sys.exit(main())
