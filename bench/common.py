"""What the drivers share: children measured by wait4, contenders run in turns, ratios of minimum and median."""
import argparse
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def arguments(description, runs=5):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release",
                        help="build folder with bin/pinion and lib/libpinion.so")
    parser.add_argument("--runs", type=int, default=runs, help="at least 5 to be quoted")
    return parser


def external(name):
    """A file or folder of the external test data, or None."""
    roots = [os.environ.get("PN_EXTERNAL_DATA"), ROOT.parent / "shared/data"]
    found = [pathlib.Path(root) / name for root in roots if root and (pathlib.Path(root) / name).exists()]
    return found[0] if found else None


def cache_dir():
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    path = pathlib.Path(base) / "pinion/bench"
    path.mkdir(parents=True, exist_ok=True)
    return path


def machine():
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                  if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"measured on {len(os.sched_getaffinity(0))} cores, {model}, {memory:.0f} GiB, load {os.getloadavg()[0]:.1f}"


class Failed(Exception):
    """A contender that did not do its work; its last words."""


class Run:
    """One finished child: wall-clock seconds, memory of its largest process and, sampled, of all together."""

    def __init__(self, seconds, usage, tree_mib, out):
        self.seconds = seconds
        self.user_seconds = usage.ru_utime + usage.ru_stime
        self.largest_mib = usage.ru_maxrss / 1024
        self.tree_mib = max(tree_mib, self.largest_mib)
        self.out = out


def processes_below(pid):
    """`pid` and all its descendants that are alive."""
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        try:
            for task in os.listdir(f"/proc/{one}/task"):
                with open(f"/proc/{one}/task/{task}/children", encoding="ascii") as file:
                    waiting += [int(child) for child in file.read().split()]
        except OSError:
            pass  # it ended meanwhile
    return found


def proportional_kib(pid):
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("Pss:"))
    except (OSError, StopIteration):
        return 0


def sample_tree(pid, ended, peak):
    while not ended.wait(0.1):
        peak[0] = max(peak[0], sum(map(proportional_kib, processes_below(pid))) / 1024)


def run(argv, env=None, cwd=None, tree=False):
    """Runs a program to its end; Failed when it says anything but 0."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        child = subprocess.Popen([str(arg) for arg in argv], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                 env={**os.environ, **(env or {})}, cwd=cwd)
        ended, peak = threading.Event(), [0.0]
        sampler = threading.Thread(target=sample_tree, args=(child.pid, ended, peak))
        if tree:
            sampler.start()
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        ended.set()
        if tree:
            sampler.join()
        out.seek(0)
        err.seek(0)
        if child.returncode != 0:
            words = err.read().decode(errors="replace").strip().splitlines()[-5:]
            raise Failed(f"{pathlib.Path(argv[0]).name} ended with {child.returncode}: {' '.join(words)}")
        return Run(seconds, usage, peak[0], out.read().decode(errors="replace"))


def in_turns(contenders, runs, warm=1):
    """{name: [result]} of callables that are called one after the other, `runs` times, after `warm` rounds
    that do not count. A contender that fails drops out and is named on stderr."""
    results, broken = {name: [] for name in contenders}, set()
    for turn in range(-warm, runs):
        for name, call in contenders.items():
            if name in broken:
                continue
            try:
                result = call()
            except Failed as failure:
                print(f"{name} drops out: {failure}", file=sys.stderr)
                broken.add(name)
                continue
            if turn >= 0:
                results[name].append(result)
    return {name: rows for name, rows in results.items() if len(rows) == runs}


def low_and_middle(values):
    return min(values), statistics.median(values)


def print_ratios(title, seconds, ours="pinion", unit=1e3, unit_name="ms"):
    """A Markdown table: minimum and median of each, and ours divided by theirs (below 1 = ours is faster)."""
    print(f"\n### {title}\n\n| | min {unit_name} | median {unit_name} | ours / theirs, min | median |")
    print("|---|---|---|---|---|")
    if ours not in seconds:
        print(f"(no result of {ours})")
        return
    base_low, base_middle = low_and_middle(seconds[ours])
    for name, values in seconds.items():
        low, middle = low_and_middle(values)
        ratios = "" if name == ours else f"{base_low / low:.2f} | {base_middle / middle:.2f}"
        print(f"| {name} | {low * unit:.1f} | {middle * unit:.1f} | {ratios or ' | '} |")
