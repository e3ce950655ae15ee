#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plans of other producers: each normalises (its canonical form is its own canonical form, and that of the
same plan written otherwise) or is refused with a number and a hint.

The JSON plans of the crate datafusion-substrait, TPC-H by Isthmus among them, are read from cargo's
folder. Those of the repository substrait-io/consumer-testing (DataFusion, DuckDB, Ibis, Isthmus) are read
from $PN_EXTERNAL_DATA/substrait/consumer-testing, a copy of its folder substrait_consumer/snapshots at the
commit below. What is absent is said and left out.
"""
import collections
import hashlib
import os
import pathlib
import sys
import unittest

import substrait_plans as plans

try:
    from google.protobuf import json_format
    from substrait.plan_pb2 import Plan as PlanMessage
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

LIBRARY, WHY_NOT = plans.load()
EXTERNAL = pathlib.Path(os.environ.get("PN_EXTERNAL_DATA", plans.ROOT.parent / "shared/data"))
CONSUMER_TESTING = EXTERNAL / "substrait/consumer-testing"  # commit 197b62c22f1f8a21333a99033f7c84257df7bbce
CONSUMER_TESTING_SHA256 = "56a17a555ec1a5c91cd4e06d42bf6e02bd79be90c5cfc244fa5ab8b7c1136863"
CRATE = "datafusion-substrait-55.2.0"
SEEDS = range(5)


def crate_plans():
    """The crate's plans, by the name of the file."""
    home = pathlib.Path(os.environ.get("CARGO_HOME", pathlib.Path.home() / ".cargo"))
    folders = sorted(home.glob(f"registry/src/*/{CRATE}/tests/testdata"))
    return {str(path.relative_to(folders[0])): path for path in sorted(folders[0].rglob("*.json"))} if folders else {}


def consumer_plans(producer):
    return {str(path.relative_to(CONSUMER_TESTING)): path
            for path in sorted(CONSUMER_TESTING.rglob(f"*-{producer}_plan.json"))}


def digest_of_folder():
    sha = hashlib.sha256()
    for path in sorted(CONSUMER_TESTING.rglob("*_plan.json")):
        sha.update(str(path.relative_to(CONSUMER_TESTING)).encode() + b"\0" + path.read_bytes() + b"\0")
    return sha.hexdigest()


def outcome(path):
    """"normalised", or why not; raises AssertionError when a promise is broken."""
    try:
        message = plans.plan_of_json(path.read_text(encoding="utf-8"), json_format, PlanMessage)
    except (json_format.ParseError, ValueError) as error:
        return f"no plan of Substrait 0.85: {str(error).splitlines()[0][:70]}"
    try:
        plan = plans.Plan(LIBRARY, message.SerializeToString())
    except plans.Refused as refused:
        assert refused.number and refused.hint, refused
        return str(refused)
    again = plans.Plan(LIBRARY, plan.bytes())
    assert again.bytes() == plan.bytes(), "the canonical form is not its own canonical form"
    assert plan.text() == again.text() and plan.text()
    for seed in SEEDS:
        other = plans.Plan(LIBRARY, plans.permuted(message, seed).SerializeToString())
        assert other.bytes() == plan.bytes(), \
            f"written otherwise (seed {seed}) it is another plan: {plan.differences(other)[:1]}"
        assert plan.differences(other) == []
    return "normalised"


class Producers(unittest.TestCase):
    def check(self, producer, files, normalised):
        """Prints the table of one producer; `normalised` of its plans must be."""
        found = collections.Counter()
        reasons = collections.defaultdict(list)
        for name, path in files.items():
            with self.subTest(name):
                result = outcome(path)
                found[result == "normalised"] += 1
                if result != "normalised":
                    reasons[result].append(name)
        print(f"# {producer}: {len(files)} plans, {found[True]} normalised, {found[False]} refused")
        for reason, names in sorted(reasons.items()):
            print(f"#   {len(names):3} {reason} ({names[0]})")
        self.assertEqual((len(files), found[True]), normalised)

    def test_the_crate(self):
        files = crate_plans()
        if not files:
            self.skipTest(f"{CRATE} is not in cargo's folder")
        self.check("datafusion-substrait", files, (65, 64))

    def test_consumer_testing(self):
        if not CONSUMER_TESTING.is_dir():
            self.skipTest(f"no {CONSUMER_TESTING}")
        self.assertEqual(digest_of_folder(), CONSUMER_TESTING_SHA256, "not the plans that are pinned")
        for producer, normalised in (("datafusion", (138, 3)), ("duckdb", (161, 158)),
                                     ("ibis", (34, 34)), ("isthmus", (238, 238))):
            with self.subTest(producer):
                self.check(producer, consumer_plans(producer), normalised)

    def test_plans_that_differ_stay_apart(self):
        """No two plans of the crate with different texts have one form."""
        files = crate_plans()
        if not files:
            self.skipTest(f"{CRATE} is not in cargo's folder")
        forms = {}
        for name, path in files.items():
            try:
                plan = plans.Plan(LIBRARY, plans.plan_of_json(path.read_text(encoding="utf-8"), json_format,
                                                              PlanMessage).SerializeToString())
            except plans.Refused:
                continue
            for other_name, other in forms.items():
                self.assertEqual(plan.bytes() == other.bytes(), not plan.differences(other), (name, other_name))
            forms[name] = plan


if __name__ == "__main__":
    if not LIBRARY:
        print(f"skipped: {WHY_NOT}")
        sys.exit(77)
    unittest.main()
