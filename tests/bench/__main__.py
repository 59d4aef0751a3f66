"""`make bench`: what a request costs, in one run of some minutes. Ratios, since machines differ."""

from __future__ import annotations

from tests.bench import cold, enumeration, hooks, phases, throughput

if __name__ == "__main__":
    for part in (phases, hooks, enumeration, cold, throughput):
        part.report()
