#!/usr/bin/env python3
"""Runs command-line transcripts (*.t) and prints TAP; --bless rewrites what was expected.

A transcript is text; a line `# title` starts a case, and each case runs in a fresh folder:

    # a query prints a table
    $ pinion run -c 'select 1 as a'
    a
    -
    1
    ! 1 row
    [exit 0]

`$ ` is a command of sh, `> ` continues it. What follows is the expected stdout; lines that start
with `! ` are the expected stderr, `[exit N]` is the exit code when it is not 0. An ellipsis (…) in
an expected line stands for anything, and a line that is only `…` for any number of lines; $DIR is
the case's folder. Lines that start with `% ` are comments. Other empty lines count as output, except at the end of a case.
"""

import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SECONDS = 120


class Command:
    """One command and what is expected of it."""

    def __init__(self, line):
        self.script = line
        self.shown = [f"$ {line}"]
        self.out, self.err, self.code = [], [], 0

    def wants(self):
        return self.out, self.err, self.code


class Case:
    """A title, lines before the first command, commands."""

    def __init__(self, title):
        self.title = title
        self.comments = []
        self.commands = []


def parse(path):
    head, cases = [], []
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    for line in lines:
        if line.startswith("# "):
            cases.append(Case(line[2:]))
        elif not cases:
            head.append(line)
        elif line.startswith("% "):
            cases[-1].comments.append(line)
        elif line.startswith("$ "):
            cases[-1].commands.append(Command(line[2:]))
        elif not cases[-1].commands:
            if line.strip():
                raise SystemExit(f"{path}: output before the first command of '{cases[-1].title}'")
        else:
            take_expected(cases[-1].commands[-1], line)
    for case in cases:
        for command in case.commands:
            while command.out and not command.out[-1]:
                command.out.pop()
    return head, cases


def take_expected(command, line):
    code = re.fullmatch(r"\[exit (\d+)\]", line)
    if line.startswith("> ") and not (command.out or command.err):
        command.script += "\n" + line[2:]
        command.shown.append(line)
    elif code:
        command.code = int(code.group(1))
    elif line.startswith("! "):
        command.err.append(line[2:])
    else:
        command.out.append(line)


def line_matches(want, got):
    pattern = ".*".join(re.escape(part) for part in want.split("…"))
    return re.fullmatch(pattern, got) is not None


def matches(want, got):
    """Whether the lines match; a line of a lone ellipsis takes any number."""
    if not want:
        return not got
    if want[0] == "…":
        return any(matches(want[1:], got[i:]) for i in range(len(got) + 1))
    return bool(got) and line_matches(want[0], got[0]) and matches(want[1:], got[1:])


def to_lines(data, folder):
    text = data.decode("utf-8", "replace").rstrip("\n").replace(folder, "$DIR")
    return text.split("\n") if text else []


def run_command(command, folder, env):
    result = subprocess.run(["sh", "-c", command.script], cwd=folder, env=env, timeout=SECONDS,
                            stdin=subprocess.DEVNULL, capture_output=True, check=False)
    code = result.returncode
    out, err = to_lines(result.stdout, folder), to_lines(result.stderr, folder)
    return out, err, code if code >= 0 else 128 - code


def differences(command, got):
    names = ("stdout", "stderr", "exit")
    problems = []
    for name, want, have in zip(names, command.wants(), got):
        same = want == have if name == "exit" else matches(want, have)
        if not same:
            problems.append(f"{name}: expected {show(want)}")
            problems.append(f"{name}: got      {show(have)}")
    return problems


def show(value):
    return str(value) if isinstance(value, int) else repr("\n".join(value))


def environment():
    env = dict(os.environ, LC_ALL="C", TZ="UTC")
    for name in ("PINION_PYTHON", "PINION_DATA", "PINION_LIBEXEC", "LANG", "LANGUAGE"):
        env.pop(name, None)
    program = env.get("PN_BIN") or os.path.join(ROOT, "build", "ci", "bin", "pinion")
    env["PATH"] = os.path.dirname(program) + os.pathsep + env.get("PATH", "")
    env.setdefault("T_SOURCE_DIR", ROOT)
    return env


def run_case(case, env, bless):
    """The problems of a case; with `bless` what was got becomes what is expected."""
    with tempfile.TemporaryDirectory(prefix="pinion-t-") as folder:
        for command in case.commands:
            try:
                got = run_command(command, folder, env)
            except subprocess.TimeoutExpired:
                return [f"$ {command.script}", f"took longer than {SECONDS} s"]
            problems = differences(command, got)
            if problems and not bless:
                return [f"$ {command.script}"] + problems
            if problems:
                command.out, command.err, command.code = got
    return []


def write(path, head, cases):
    lines = list(head)
    for case in cases:
        if lines and lines[-1]:
            lines.append("")
        lines += [f"# {case.title}"] + case.comments
        for command in case.commands:
            lines += command.shown + command.out + [f"! {line}" for line in command.err]
            lines += [f"[exit {command.code}]"] if command.code else []
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines).lstrip("\n") + "\n")


def main(arguments):
    bless = "--bless" in arguments or os.environ.get("PN_BLESS") == "1"
    paths = [a for a in arguments if not a.startswith("--")]
    paths = paths or sorted(os.path.join(HERE, n) for n in os.listdir(HERE) if n.endswith(".t"))
    env = environment()
    number = failed = 0
    for path in paths:
        head, cases = parse(path)
        for case in cases:
            number += 1
            problems = run_case(case, env, bless)
            failed += bool(problems)
            name = os.path.splitext(os.path.basename(path))[0]
            print(f"{'not ok' if problems else 'ok'} {number} - {name}: {case.title}", flush=True)
            for problem in problems:
                print("\n".join("# " + line for line in problem.split("\n")))
        if bless:
            write(path, head, cases)
    print(f"1..{number}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
