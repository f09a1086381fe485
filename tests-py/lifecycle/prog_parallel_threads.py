"""Threads read different files at the same time; no call holds the GIL."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import samples
import torch
import torchfits
from torchfits import _engine

PLANES = sorted(samples.FOLDER.glob("plane-*.fits"))  # int32, 300 x 200, each filled with its number


def read_plane(index: int) -> None:
    image = torchfits.read_image(PLANES[index])
    assert torch.equal(image, torch.full((300, 200), index, dtype=torch.int32))


class Watched:
    """The engine's `Tasks`, which remembers whether a thread is inside a call, and stops a long read."""

    def __init__(self, tasks: object) -> None:
        self._tasks = tasks
        self.inside = False
        self.stop = False

    def help(self, *arguments: int) -> int:
        if self.stop:
            raise InterruptedError
        self.inside = True
        result = self._tasks.help(*arguments)  # pyright: ignore[reportAttributeAccessIssue]
        self.inside = False
        return result

    def cancel(self, *arguments: int) -> None:
        self._tasks.cancel(*arguments)  # pyright: ignore[reportAttributeAccessIssue]


def read_until_stopped() -> None:
    try:
        samples.read_long()
    except InterruptedError:
        return
    raise AssertionError("the long read was not long")


with ThreadPoolExecutor(8) as pool:
    list(pool.map(read_plane, list(range(len(PLANES))) * 40))

api = _engine._enter()
watched = api.tasks = Watched(api.tasks)
thread = threading.Thread(target=read_until_stopped)
thread.start()
seen_inside = 0
while seen_inside < 20:  # for ever, if calls held the GIL
    seen_inside += watched.inside
    time.sleep(0.001)
watched.stop = True
thread.join()
print("done")
