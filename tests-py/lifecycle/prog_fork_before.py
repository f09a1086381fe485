"""A process forked before the JVM runs reads, and so does its parent, each with a JVM of its own."""

import os
import sys

import samples

child = os.fork()
samples.exercise()
if child == 0:
    sys.exit(7)
_, status = os.waitpid(child, 0)
assert os.waitstatus_to_exitcode(status) == 7
print("done")
