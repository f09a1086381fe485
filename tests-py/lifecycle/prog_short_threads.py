"""2,000 Python threads that read and end leave nothing behind."""

import threading

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
before = counts()
run_threads(2000)
after = counts()
assert abs(after[0] - before[0]) <= 2, (before, after)
assert abs(after[1] - before[1]) <= 2, (before, after)
assert after[2] - before[2] < 8 << 10, (before, after)
print("done")
