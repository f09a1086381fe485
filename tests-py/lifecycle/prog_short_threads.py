"""2,000 Python threads that read and end leave nothing behind."""

import threading
from itertools import pairwise

import jpype
import samples


def run_threads(count: int) -> None:
    for _ in range(count // 4):
        threads = [threading.Thread(target=samples.read_small) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def counts() -> tuple[int, int, int]:
    """Java's threads, the system's threads, and resident kB."""
    management = jpype.JClass("java.lang.management.ManagementFactory")
    return management.getThreadMXBean().getThreadCount(), samples.status("Threads"), samples.status("VmRSS")


run_threads(400)
seen = [counts()]
for _ in range(4):
    run_threads(500)
    seen.append(counts())
# Threads of the compilers come and go.
assert abs(seen[-1][0] - seen[0][0]) < 20, seen
assert abs(seen[-1][1] - seen[0][1]) < 20, seen
# What Java compiles costs memory once; what threads leave behind would cost 12 kB each every time.
assert min(after[2] - before[2] for before, after in pairwise(seen)) < 2 << 10, seen
print("done")
