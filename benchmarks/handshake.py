"""A traced handshake in the model against the real kernel's own connect(), through the same rules.

The kernel's figure is the median of many calls of connect() by a Python script, in the network namespaces that lab has
built from the same commands. It hardly depends on the model's speed: the more rules, the more the kernel has to walk.
"""

from __future__ import annotations

from time import perf_counter

from benchmarks.services import FIRST, handshake, with_services
from benchmarks.timing import Figures
from k8snet import lab
from k8snet.lab.replay import replay
from k8snet.linux import World
from k8snet.linux.address import Ip

CALLS = 200
SCRIPT = """
import socket, statistics, sys, time
seconds = []
for _ in range(int(sys.argv[2])):
    with socket.socket() as client:
        start = time.perf_counter()
        client.connect((sys.argv[1], 80))
        seconds.append(time.perf_counter() - start)
print(statistics.median(seconds))
"""


def figures() -> Figures:
    """The model's time as a multiple of the kernel's, at few and at many Services."""
    reason = lab.available()
    if reason is not None:
        print(f"| (the kernel's connect() was not measured: {reason}) | | |")
        return
    for services in (10, 5_000):
        world = with_services(services)
        kernel, model = of_kernel(world, services), of_model(world, services)
        yield (f"a traced handshake through {services:,} Services' rules ({model * 1e6:.0f} µs)",
               f"the real kernel's connect() through the same rules ({kernel * 1e6:.0f} µs)", model / kernel)


def of_kernel(world: World, services: int) -> float:
    """Seconds that connect() takes on the real kernel, in the median."""
    with replay(world) as kernels:
        words = ["python3", "-c", SCRIPT, str(Ip(FIRST + services - 1)), str(CALLS)]
        return float(kernels.kernel.run(words, netns="pod-a"))


def of_model(world: World, services: int) -> float:
    """Seconds that the same takes in the model with its whole record, in the median."""
    seconds = []
    for _ in range(CALLS):
        start = perf_counter()
        handshake(world, services)
        seconds.append(perf_counter() - start)
    return sorted(seconds)[CALLS // 2]
