"""What a Service more costs on the real kernel: how long connect() takes past so many rules of kube-proxy's chain.

The listener is on the same machine, so that nothing else takes long: nat OUTPUT, then lo. Each connection is to the last
Service, so that all others' rules are tried first.
"""

from __future__ import annotations

from collections.abc import Iterable

from k8snet.lab.kernel import Kernel
from k8snet.linux.address import Ip
from k8snet.linux.log import ROOT

HERE, PORT = "10.1.1.1", 4000
FIRST = Ip("10.96.0.1")
BATCH = 250
"""So many Services' rules does the kernel take at once from someone who may not raise its socket buffers."""
TIMES = 400

Times = list[tuple[int, float]]
"""Numbers of Services, each with microseconds."""


def connect_times(counts: Iterable[int], command: str = "iptables") -> Times:
    """The time of a connect() past so many Services, in microseconds: the median of many. ``counts`` in rising order.

    ``command`` is ``iptables``, or one of its backends, ``iptables-nft`` and ``iptables-legacy``. Unavailable where this machine
    has no lab, CommandError where it does not have the backend.
    """
    with Kernel() as kernel:
        for line in (
            "ip link set lo up", f"ip addr add {HERE}/32 dev lo", f"ip route add 10.96.0.0/12 dev lo src {HERE}",
            f"{command} -t nat -N KUBE-SERVICES", f"{command} -t nat -A OUTPUT -j KUBE-SERVICES", f"{command} -t nat -N KUBE-SVC",
            f"{command} -t nat -A KUBE-SVC -p tcp -j DNAT --to-destination {HERE}:{PORT}",
        ):  # fmt: skip
            kernel.run(line.split())
        kernel.request("listen", netns=ROOT, ip=HERE, port=PORT, proto="tcp", name="server")
        done, times = 0, []
        for count in counts:
            for start in range(done, count, BATCH):
                kernel.run([f"{command}-restore", "--noflush"], rules(range(start, min(count, start + BATCH))))
            done = count
            told = kernel.request("time_connects", dst=str(Ip(FIRST + count - 1)), port=80, times=TIMES)
            times.append((count, told["nanoseconds"] / 1000))
        return times


def rules(numbers: range) -> str:
    """What kube-proxy writes into KUBE-SERVICES for these Services, but that all lead to one chain.

    >>> print(rules(range(1)), end="")
    *nat
    -A KUBE-SERVICES -m comment --comment "default/s0 cluster IP" -m tcp -p tcp -d 10.96.0.1 --dport 80 -j KUBE-SVC
    COMMIT
    """
    lines = [f'-A KUBE-SERVICES -m comment --comment "default/s{number} cluster IP" -m tcp -p tcp -d {Ip(FIRST + number)}'
             " --dport 80 -j KUBE-SVC\n" for number in numbers]
    return f"*nat\n{''.join(lines)}COMMIT\n"
