"""A source file's bytes, and the way from CPython's positions to offsets in those bytes.

CPython counts columns in UTF-8 bytes of the decoded line, whatever the file's own encoding is. For
UTF-8 (nearly every file) an offset is line start + column. For a file with another encoding cookie
the column is walked through the decoded line and encoded back. Lines end at \\n, \\r\\n or \\r, as
in the tokenizer; a form feed ends no line. A byte order mark belongs to no column of line 1.
"""

import codecs
import re
from itertools import accumulate
from operator import add

_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_BLANK = re.compile(rb"^[ \t\f]*(?:[#\r\n]|$)")
_BOM = codecs.BOM_UTF8


def encoding_of(lines):
    """The encoding named by the byte order mark or by a cookie in the first two lines (PEP 263)."""
    for line in lines[:2]:
        found = _COOKIE.match(line.removeprefix(_BOM))
        if found:
            name = found.group(1).decode("ascii", "replace")
            try:
                return codecs.lookup(name).name
            except LookupError:
                return "utf-8"
        if not _BLANK.match(line.removeprefix(_BOM)):
            break
    return "utf-8"


class Source:
    """The bytes of one file with its line table. `starts[n]` is where line n (1-based) begins."""

    def __init__(self, data):
        self.data = data
        self.size = len(data)
        lines = data.splitlines(True)
        self.encoding = encoding_of(lines)
        self.starts = [0, *accumulate(map(len, lines), initial=0)]
        if data.startswith(_BOM):
            self.starts[1] = len(_BOM)
        self.plain = self.encoding in ("utf-8", "ascii") or data.isascii()
        self._lines = lines
        self._columns = {}

    def offset(self, line, column):
        """File offset of a 1-based line and a UTF-8 column, kept inside the file."""
        if line < 1:
            return 0
        if line >= len(self.starts):
            return self.size
        start = self.starts[line]
        if self.plain:
            return min(start + column, self.size)
        if line > len(self._lines):
            return self.size
        return min(start + self._encoded_column(line, column), self.size)

    def _encoded_column(self, line, column):
        known = self._columns.get((line, column))
        if known is None:
            raw = self._lines[line - 1].removeprefix(_BOM if line == 1 else b"")
            if raw.isascii():
                known = column
            else:
                text = raw.decode(self.encoding, "replace").encode()[:column]
                known = len(text.decode("utf-8", "ignore").encode(self.encoding, "replace"))
            self._columns[(line, column)] = known
        return known

    def offsets(self, lines, columns):
        """offset() over two parallel lists."""
        if self.plain:
            try:
                found = list(map(add, map(self.starts.__getitem__, lines), columns))
                if not found or max(found) <= self.size:
                    return found
            except IndexError:
                pass
        return [self.offset(line, column) for line, column in zip(lines, columns)]

    def text(self, start, end):
        """The source text of a byte range."""
        return self.data[start:end].decode(self.encoding, "replace")

    def width(self, text):
        """How many bytes `text` takes in this file."""
        return len(text.encode("utf-8" if self.plain else self.encoding, "replace"))

    def shift(self, start, text, chars):
        """The offset `chars` characters behind `start`, where `text` is the text found there."""
        return start + self.width(text[:chars])

    def utf8_column(self, line, chars):
        """The UTF-8 column of a character column in a 1-based line."""
        if not 1 <= line <= len(self._lines):
            return 0
        text = self._lines[line - 1].removeprefix(_BOM if line == 1 else b"")
        return len(text.decode(self.encoding, "replace").rstrip("\r\n")[:chars].encode())
