"""Reads until a signal ends the process."""

import sys
import threading

import samples

samples.read_small()
threading.Timer(0.3, lambda: print("reading", flush=True)).start()
samples.read_long()
sys.exit("the long read ended")
