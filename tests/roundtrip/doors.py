# SPDX-License-Identifier: Apache-2.0
"""The program beside this file (roundtrip.c), the folders it works on, and the report of its answers."""
import collections
import json
import os
import pathlib
import re
import select
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("PN_BUILD_DIR", ROOT / "build/ci"))
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "pinion"
PROGRAM = BUILD / "tests/roundtrip"
PARTITIONS = "datafusion.execution.target_partitions"
WRONG = ("different", "unsteady", "crashed", "hung")


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


class Doors:
    """One process; what kills it is an answer too, and the next statement starts another."""

    def __init__(self, folder, seconds=60, greeting=({"do": "file"},)):
        self.folder, self.seconds, self.greeting, self.process = folder, seconds, greeting, None

    def start(self):
        environment = dict(os.environ, TZ="UTC")
        self.process = subprocess.Popen([str(PROGRAM)], cwd=self.folder, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
        for line in self.greeting:
            if self.process is None:
                return
            self.ask(**line)

    def ask(self, **line):
        if self.process is None:
            self.start()
        if self.process is None:
            return {"is": "crashed", "why": "the program does not start"}
        try:
            self.process.stdin.write(json.dumps(line).encode() + b"\n")
            self.process.stdin.flush()
            ready, _, _ = select.select([self.process.stdout], [], [], self.seconds)
            if not ready:
                self.stop()
                return {"is": "hung", "why": f"no answer in {self.seconds} s"}
            text = self.process.stdout.readline()
        except BrokenPipeError:
            text = b""
        if not text:
            code = self.process.wait()
            said = self.process.stderr.read().decode(errors="replace").strip().splitlines()[-1:]
            self.process = None
            return {"is": "crashed", "why": f"exit {code}: {' '.join(said)}"}
        return json.loads(text)

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None


def kind_of(why):
    """A reason without the names and numbers that make each one its own."""
    why = re.sub(r"'[^']*'", "'…'", why)
    why = re.sub(r"\b\d[\d.]*\b", "n", why.replace("PN2", "PN 2")).replace("PN n", "PN")
    return why[:150]


class Report:
    """Counts, and each answer that is not `same` with where and why."""

    def __init__(self):
        self.counts, self.found = collections.Counter(), []

    def add(self, where, sql, answer):
        self.counts[answer["is"]] += 1
        if answer["is"] not in ("same", "other"):
            self.found.append((answer["is"], answer.get("why", ""), where, sql, answer.get("detail", "")))

    def merge(self, other):
        self.counts.update(other.counts)
        self.found.extend(other.found)

    def planned(self):
        """What the engine plans and runs itself, and answers the same way twice."""
        return sum(self.counts[name] for name in ("same", "known", "refused") + WRONG)

    def verdict(self):
        """Prints the sum, and says whether there was something to compare, no row wrong, and under 1 % refused."""
        wrong, refused = sum(self.counts[name] for name in WRONG), self.counts["refused"]
        planned = self.planned()
        print(f"# {planned} queries planned, {refused} refused ({100 * refused / max(planned, 1):.2f} %), "
              f"{self.counts['known']} with a proved reason, {wrong} wrong")
        return planned > 0 and not wrong, refused * 100 < planned

    def print(self, full):
        print("#", ", ".join(f"{n} {name}" for name, n in sorted(self.counts.items())))
        groups = collections.defaultdict(list)
        for name, why, where, sql, detail in self.found:
            if full or name in WRONG + ("refused", "known"):
                groups[name, kind_of(why)].append((where, why, sql, detail))
        for (name, kind), members in sorted(groups.items(), key=lambda group: (group[0][0], -len(group[1]))):
            print(f"# {len(members)} {name}: {kind}")
            for where, why, sql, _ in members if name in WRONG else members[:3]:
                print(f"#     {where}: {' '.join(sql.split())[:160]}")
                if name in WRONG:
                    print(f"#         {why[:400]}")
