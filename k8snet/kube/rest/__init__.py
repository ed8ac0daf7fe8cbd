"""The API server over REST: requests, and the answers to them.

`Rest.handle` is the whole server as a function: HTTP's words in, HTTP's words out, and no socket. The model's own kubectl
sends its requests there, and `k8snet.serve` those of real clients.
"""

from k8snet.kube.rest.http import Request, Response
from k8snet.kube.rest.server import Rest

__all__ = ["Request", "Response", "Rest"]
