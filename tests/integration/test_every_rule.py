"""Runs after all the others: among them every rule was found at least once, through broker and database."""

import re

from support.stack import ROOT
from support.world import World


def test_every_rule_was_found_in_some_world():
    rules = set(re.findall(r'X\(RULE_\w+, "(\w+)"', (ROOT / "daemon/core/finding.h").read_text()))
    assert len(rules) > 30 and rules <= World.rules_found, sorted(rules - World.rules_found)
