"""Has a program run by `loaded_python.py` as if by this process. Arguments: its address, and those of `python`."""

import json
import os
import signal
import socket
import sys


def main() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        server.connect(b"\0" + os.fsencode(sys.argv[1]))
        request = json.dumps([sys.argv[2:], dict(os.environ), os.path.realpath("")])
        socket.send_fds(server, [request.encode()], [0, 1, 2])
        status = int(server.recv(100))
    if status < 0:
        if -status != signal.SIGKILL:
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    sys.exit(status)


if __name__ == "__main__":
    main()
