#!/usr/bin/env python3
"""Extracts ast, symtable and cst evidence from Python sources (protocol: pinion-extract v1).

Reads chunks on standard input and answers with Arrow IPC frames on standard output; opens no file,
imports nothing of the sources and needs only the standard library. One file never spoils a chunk:
what Python cannot compile becomes a row of ast.errors, and an unexpected failure drops that file's
rows and reports its status. See README.md beside this file.
"""

import ast
import gc
import json
import os
import platform
import sys
import threading
import warnings

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import px_scopes  # noqa: E402
import px_walk  # noqa: E402
from px_rows import FileRows  # noqa: E402
from px_source import Source  # noqa: E402
from px_tables import Tables  # noqa: E402

PROTOCOL = 1
VERSION = "0.1.0"
MAX_HEADER_BYTES = 16 << 20
MAX_FILES = 4096
MAX_CHUNK_BYTES = 1 << 30
STACK_BYTES = 256 << 20
RECURSION_LIMIT = 20000
_COMPILE_ERRORS = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)


class ProtocolError(Exception):
    """The request does not follow the protocol; the worker cannot go on."""


def error_row(tables, index, source, error, stage):
    """One row of ast.errors; the span is the place a SyntaxError names, clamped into the file."""
    line, chars = getattr(error, "lineno", None), getattr(error, "offset", None)
    span = (None,) * 6
    if isinstance(error, SyntaxError) and line and line > 0:
        column = source.utf8_column(line, max((chars or 1) - 1, 0))
        start = source.offset(line, column)
        last, end = column, start
        end_line = getattr(error, "end_lineno", None) or line
        if end_line >= line and getattr(error, "end_offset", None):
            last = source.utf8_column(end_line, max(error.end_offset - 1, 0))
            end = source.offset(end_line, last)
        if end < start or (end == start and end_line != line):
            end_line, last, end = line, column, start
        span = (line - 1, column, end_line - 1, last, start, end - start)
    message = getattr(error, "msg", None) or str(error) or type(error).__name__
    table, attrs = tables["ast.errors"], tables["ast.errors.attrs"]
    attrs.put_rows([(table.rows, "stage", stage)])
    table.put_rows([(index, type(error).__name__, message, *span)])


def extract_file(tables, index, entry, data):
    """Appends the rows of one file."""
    source = Source(data)
    try:
        px_walk.walk(ast.parse(data))
    except _COMPILE_ERRORS as error:
        error_row(tables, index, source, error, "parse")
        return
    rows = FileRows(tables, index, entry["path"], source)
    rows.put_ast()
    rows.put_type_ignores()
    blocks = None
    try:
        blocks = px_scopes.read_blocks(data, entry["file_id"])
    except _COMPILE_ERRORS as error:
        error_row(tables, index, source, error, "symtable")
    rows.put_cst(blocks)
    if blocks is not None:
        rows.put_symtable(blocks)


def extract_chunk(files, bodies):
    """(frames, statuses) of one chunk."""
    tables, statuses = Tables(), []
    for index, (entry, data) in enumerate(zip(files, bodies)):
        mark = tables.mark()
        try:
            extract_file(tables, index, entry, data)
            statuses.append({"status": "ok"})
        except Exception as error:
            tables.rollback(mark)
            kind, message = type(error).__name__, str(error) or type(error).__name__
            statuses.append({"status": "error", "error_type": kind, "message": message})
    return tables.frames(), statuses


def read_request(stream):
    """(files, bodies) of the next chunk, or None at the end of input."""
    line = stream.readline(MAX_HEADER_BYTES)
    if not line:
        return None
    if not line.endswith(b"\n"):
        raise ProtocolError("the request line is cut or longer than 16 MiB")
    try:
        files = json.loads(line)["files"]
        sizes = [int(entry["size"]) for entry in files]
        named = all(isinstance(e["path"], str) and isinstance(e["file_id"], str) for e in files)
    except (ValueError, KeyError, TypeError) as error:
        raise ProtocolError(f"the request line is not the expected JSON: {error!r}") from error
    if not named or len(files) > MAX_FILES or min(sizes, default=0) < 0:
        raise ProtocolError("a request entry has a wrong path, file_id or size, or is one too many")
    if sum(sizes) > MAX_CHUNK_BYTES:
        raise ProtocolError("the request announces more than 1 GiB of source")
    bodies = []
    for entry, size in zip(files, sizes):
        data = stream.read(size)
        if len(data) != size:
            raise ProtocolError(f"input ends inside '{entry['path']}': {len(data)} of {size} bytes")
        bodies.append(data)
    return files, bodies


def write_frame(stream, name, payload):
    stream.write(b"%s %d\n" % (name.encode(), len(payload)))
    stream.write(payload)


def serve(source, sink):
    """Answers chunks until the end of input."""
    tool = {"name": "pinion-extract-python", "version": VERSION}
    tool["python"] = platform.python_version()
    while True:
        request = read_request(source)
        if request is None:
            return
        frames, statuses = extract_chunk(*request)
        for name, payload in frames:
            write_frame(sink, name, payload)
        trailer = {"protocol": PROTOCOL, "tool": tool, "files": statuses}
        write_frame(sink, "end", json.dumps(trailer, separators=(",", ":")).encode())
        sink.flush()


def main():
    """Serves in a thread with a large stack, so that deep nesting is an error row, not a crash."""
    outcome = []

    def run():
        try:
            serve(sys.stdin.buffer, sys.stdout.buffer)
            outcome.append(0)
        except ProtocolError as error:
            sys.stderr.write(f"pinion-extract-python: {error}\n")
            outcome.append(2)
        except BrokenPipeError:
            outcome.append(3)

    warnings.simplefilter("ignore")
    gc.disable()
    sys.setrecursionlimit(RECURSION_LIMIT)
    threading.stack_size(STACK_BYTES)
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    sys.stderr.flush()
    os._exit(outcome[0] if outcome else 1)


if __name__ == "__main__":
    main()
