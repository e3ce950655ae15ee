#!/usr/bin/env python3
"""Line coverage of src/ per module from gcov's counters below a build folder."""
import json
import pathlib
import subprocess
import sys


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    lines = {}  # (file, line) -> hit at least once
    for notes in sorted(build.rglob("*.gcda")):
        result = subprocess.run(["gcov", "--json-format", "--stdout", str(notes)], cwd=build,
                                capture_output=True, text=True)
        for document in filter(None, result.stdout.splitlines()):
            for file in json.loads(document)["files"]:
                if not file["file"].startswith("src/"):
                    continue
                for line in file["lines"]:
                    key = (file["file"], line["line_number"])
                    lines[key] = lines.get(key, False) or line["count"] > 0
    modules = {}
    for (file, _), hit in lines.items():
        count = modules.setdefault(file.split("/")[1], [0, 0])
        count[0] += hit
        count[1] += 1
    for module, (hit, total) in sorted(modules.items()):
        print(f"{module:12} {hit:6} of {total:6} lines  {100 * hit / total:5.1f} %")
    hit, total = (sum(c[i] for c in modules.values()) for i in (0, 1))
    print(f"{'all':12} {hit:6} of {total:6} lines  {100 * hit / max(total, 1):5.1f} %")
    return 0 if total else 1


if __name__ == "__main__":
    sys.exit(main())
