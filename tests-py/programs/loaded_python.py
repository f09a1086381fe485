"""A Python that has loaded torch, and is forked for each program that it is asked to run. Argument: a listening socket.

The socket is a descriptor. `ask_loaded_python.py` asks there; the program has its files, variables and folder. It runs
as `python` would run it, but without the seconds that it takes to import torch, and is killed when who asked is gone.
The server ends with its parent, who holds the other end of its standard input.
"""

import gc
import json
import os
import runpy
import select
import signal
import socket
import sys
from pathlib import Path
from types import ModuleType

import torch  # noqa: F401
import torchfits  # noqa: F401

LARGEST_REQUEST = 1 << 18


def serve(listener: socket.socket) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who answer
    gc.collect()
    gc.freeze()
    while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            answer(connection)
        connection.close()


def answer(connection: socket.socket) -> None:
    """Does not return: ends as the program does, or when it has told how that ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    content, files, _, _ = socket.recv_fds(connection, LARGEST_REQUEST, 3)
    child = os.fork()
    if child == 0:
        connection.close()
        for number, file in enumerate(files):
            os.dup2(file, number)
            os.close(file)
        run(*json.loads(content))
        sys.exit()
    if connection in select.select([os.pidfd_open(child), connection], [], [])[0]:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    connection.sendall(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def run(command: list[str], variables: dict[str, str], folder: str) -> None:
    """Runs `-m module`, `-c code` or a path, and its arguments, as the main module."""
    os.environ.clear()
    os.environ.update(variables)
    os.chdir(folder)
    if command[0] == "-m":
        sys.argv, sys.path[0] = command[1:], folder
        runpy.run_module(command[1], run_name="__main__", alter_sys=True)
        return
    main = ModuleType("__main__")
    if command[0] == "-c":
        sys.argv, sys.path[0] = ["-c", *command[2:]], ""
        code = command[1]
    else:
        sys.argv, sys.path[0] = command, str(Path(command[0]).resolve().parent)
        main.__file__ = command[0]
        code = Path(command[0]).read_text()
    sys.modules["__main__"] = main
    exec(compile(code, command[0], "exec"), main.__dict__)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
