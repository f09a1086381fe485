"""Another package has started a JVM by way of JPype, with options of its own."""

import sys

import jpype
import samples
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
    samples.exercise()
    assert jpype.JClass("java.util.ArrayList")([1, 2]).size() == 2
print("done")
