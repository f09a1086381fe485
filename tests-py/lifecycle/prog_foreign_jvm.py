"""Another package has started a JVM by way of JPype, with options of its own; torchfits is used after that."""

import os
import sys

import jpype
import samples
import torch
from torchfits import EngineStartError

if sys.argv[2:]:
    jpype.startJVM(jvmpath=sys.argv[2])
    try:
        samples.read_small()
    except EngineStartError as error:
        assert "JAVA_HOME" in str(error), error
    else:
        raise AssertionError("no EngineStartError")
else:
    from torchfits import _jvm

    jpype.startJVM(jvmpath=str(_jvm.library_path()), convertStrings=True)
    child = os.fork()
    if child == 0:
        assert "torchfits._engine" not in sys.modules
        torch.set_num_threads(1)
        samples.read_small()
        sys.exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    samples.exercise()
    assert jpype.JClass("java.util.ArrayList")([1, 2]).size() == 2
print("done")
