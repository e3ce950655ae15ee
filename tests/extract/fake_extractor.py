#!/usr/bin/env python3
"""An extractor that misbehaves on demand: a file's name says what happens when it is extracted.

crash*: dies by a signal. exit*: ends with status 3. hang*: never answers. garbage*: writes no frames.
short*: announces more bytes than it sends, then ends. noipc*: sends a table that is no Arrow IPC.
lie*: speaks of too few files. refuse*: reports an error of its own. once*: answers, then ends.
child*: starts a child that holds the output open, then dies. memory*: allocates without end.
Everything else is answered in order, slower for a file whose name begins with slow.
"""

import json
import os
import signal
import subprocess
import sys
import time


def frame(name, data):
    sys.stdout.buffer.write(b"%s %d\n" % (name.encode(), len(data)) + data)


def misbehave(path):
    if path.startswith("crash"):
        os.kill(os.getpid(), signal.SIGSEGV)
    if path.startswith("exit"):
        print("last words", file=sys.stderr, flush=True)
        os._exit(3)
    if path.startswith("hang"):
        time.sleep(600)
    if path.startswith("garbage"):
        sys.stdout.buffer.write(b"\x00\xff garbage \n" * 1000)
    if path.startswith("short"):
        sys.stdout.buffer.write(b"ast.nodes 100000\nabc")
        sys.stdout.flush()
        os._exit(0)
    if path.startswith("noipc"):
        frame("ast.nodes", b"\xff\xff\xff\xff" + b"\x10\x00\x00\x00" + b"x" * 64)
    if path.startswith("child"):
        subprocess.Popen(["sleep", "600"])
        os._exit(4)
    if path.startswith("memory"):
        hoard = []
        while True:
            hoard.append(bytearray(64 << 20))
    if path.startswith("slow"):
        time.sleep(0.05)


def main():
    if len(sys.argv) > 1 and sys.argv[1] == "dead":
        print("cannot work here", file=sys.stderr)
        sys.exit(7)
    while True:
        line = sys.stdin.buffer.readline()
        if not line:
            return
        files = json.loads(line)["files"]
        statuses, once = [], False
        for entry in files:
            body = sys.stdin.buffer.read(entry["size"])
            assert len(body) == entry["size"]
            misbehave(entry["path"])
            once = once or entry["path"].startswith("once")
            status = {"status": "ok", "size": len(body)}
            if entry["path"].startswith("refuse"):
                status = {"status": "error", "error_type": "Refused", "message": "not this one"}
            statuses.append(status)
        if any(entry["path"].startswith("lie") for entry in files):
            statuses.pop()
        frame("end", json.dumps({"protocol": 1, "tool": {"name": "fake"}, "files": statuses}).encode())
        sys.stdout.flush()
        if once:
            return


main()
