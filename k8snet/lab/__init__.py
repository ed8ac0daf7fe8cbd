"""The same on the real kernel: a world's own commands replayed in a private network namespace, and compared.

>>> from k8snet import lab
>>> if lab.available() is None:                        # else it says why this machine cannot
...     with lab.replay(World()) as real:
...         print(real.sh("ip rule"))                  # doctest: +SKIP
"""

from k8snet.lab.kernel import Unavailable, available
from k8snet.lab.replay import Lab, replay
from k8snet.lab.session import compare_all
from k8snet.lab.twin import Comparison, Row, compare

__all__ = ["Comparison", "Lab", "Row", "Unavailable", "available", "compare", "compare_all", "replay"]
