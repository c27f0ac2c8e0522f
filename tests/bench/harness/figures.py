"""Figures: collected by name over the runs, printed as medians, held against the targets at the end."""
import statistics

# figure, what the issue asks, how to hold it against that
TARGETS = [
    ("drain_unsigned_1fix_ratio", "at least", 0.40),
    ("drain_unsigned_10fix_ratio", "at least", 1.2),
    ("drain_signed_10fix_ratio", "at least", 0.8),
    ("drain_events", "at least", 3000),
    ("live_2000_p99_ratio", "at most", 4),
    ("live_10000_p99_ratio", "at most", 4),
    ("memory_peak", "at most", 64),
    ("memory_growth", "at most", 4),
    ("startup_1m_items", "at most", 3),
    ("ledger_signing_ratio", "at least", 0.85),
    ("ledger_tile_bytes", "at most", 40),
    ("ledger_prove_p50", "at most", 5),
    ("ledger_prove_rows", "at most", 8),
    ("ledger_monitor", "at least", 200000),
    ("route_fixes", "at least", 1000000),
    ("detect_load", "at most", 10),
    ("detect_bytes_while_sorting", "at most", 24.1),
    ("detect_recall_exact", "at least", 99),
    ("detect_recall_one_edit", "at least", 95),
    ("detect_recall_masked", "at least", 90),
    ("detect_false_flags_per_10000", "at most", 1),
    ("detect_listings", "at least", 20000),
    ("detect_p99", "at most", 2000),
]


def format_number(value):
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"


class Figures:
    def __init__(self):
        self.samples, self.units, self.absent = {}, {}, []

    def add(self, name, value, unit):
        self.samples.setdefault(name, []).append(value)
        self.units[name] = unit

    def skip(self, name, reason):
        if name not in dict(self.absent):
            self.absent.append((name, reason))

    def median(self, name):
        return statistics.median(self.samples[name])

    def print(self, names):
        for name in names:
            print(f"bench {name} {format_number(self.median(name))} {self.units[name]}", flush=True)

    def print_skipped(self):
        for name, reason in self.absent:
            print(f"bench {name} skipped: {reason}")

    def print_targets(self):
        """The table of targets; how many are not met."""
        missed = 0
        print(f"\n{'figure':<30} {'target':>14} {'measured':>12}  unit")
        for name, relation, target in TARGETS:
            if name not in self.samples:
                print(f"{name:<30} {relation + ' ' + format_number(target):>14} {'-':>12}  not measured")
                missed += 1
                continue
            value = self.median(name)
            met = value >= target if relation == "at least" else value <= target
            missed += not met
            print(f"{name:<30} {relation + ' ' + format_number(target):>14} {format_number(value):>12}  "
                  f"{self.units[name]}{'' if met else '  NOT MET'}")
        return missed
