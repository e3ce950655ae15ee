"""CALLS edges of a graph that the program builds, against a call graph that others wrote."""

import os
import sys
import unittest

import pycg


class Benchmark(unittest.TestCase):
    def test_calls(self):
        found = pycg.summary(pycg.measure(pycg.find_benchmark(), os.environ["PN_BIN"]))
        self.assertGreater(found["cases"], 50)
        self.assertGreaterEqual(found["precision"], 0.99, found)
        self.assertGreaterEqual(found["recall"], 0.85, found)


if __name__ == "__main__":
    if not os.access(os.environ.get("PN_BIN", ""), os.X_OK):
        print("PN_BIN names no program: pinion is not built")
        sys.exit(77)
    if pycg.find_benchmark() is None:
        print("no external test data (PN_EXTERNAL_DATA)")
        sys.exit(77)
    unittest.main(verbosity=2)
