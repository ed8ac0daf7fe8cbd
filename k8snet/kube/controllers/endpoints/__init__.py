"""Who writes down which pods are behind a Service: EndpointSlices, and the old Endpoints.

Three controllers, which know nothing of one another: `slices` keeps EndpointSlices for Services with a selector, `legacy` an
Endpoints object for each of them, `mirroring` makes EndpointSlices of Endpoints that were written by hand. The other files
are what they ask: membership.py (which Services have a pod), endpoint.py (what one pod is as an endpoint), packing.py (which
endpoint goes into which slice), subsets.py, hints.py, triggers.py, porthash.py.
"""
