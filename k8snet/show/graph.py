"""A world as a networkx graph, for questions that graph theory answers: connected? how far? what if this is cut?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8snet.show.chart import Plug, read

if TYPE_CHECKING:
    import networkx

    from k8snet.linux.world import World


def graph(world: World) -> networkx.Graph[str | tuple[str, str]]:
    """The network namespaces and devices of a world as nodes, what joins them as edges.

    A namespace is a node named by its name, with ``kind`` machine, router or host; a device is a node named by its
    namespace and name, as ``("pod-a", "eth0")``, with ``kind`` (veth, bridge, …), ``addresses``, ``mac``, ``mtu`` and
    ``up``. An edge's ``kind`` is ``wire`` (a veth pair), ``port`` (a device and its bridge) or ``in`` (a device and
    its namespace). Nodes and edges are in the order of their making. ImportError without networkx.

    >>> from k8snet.linux import World
    >>> w = World()
    >>> _ = w.sh("ip netns add pod-a"), w.sh("ip netns add pod-b")
    >>> _ = w.sh("ip link add eth0 netns pod-a type veth peer name eth0 netns pod-b")
    >>> g = graph(w)
    >>> import networkx
    >>> networkx.shortest_path(g, "pod-a", "pod-b")
    ['pod-a', ('pod-a', 'eth0'), ('pod-b', 'eth0'), 'pod-b']
    """
    import networkx

    chart = read(world)
    made: networkx.Graph[str | tuple[str, str]] = networkx.Graph()
    for place in chart.places:
        made.add_node(place.name, kind=place.kind)
        for plug in place.plugs:
            made.add_node((place.name, plug.name), **_attributes(plug))
            made.add_edge(place.name, (place.name, plug.name), kind="in")
    for place in chart.places:
        for plug in place.plugs:
            if plug.master is not None:
                made.add_edge((place.name, plug.name), (place.name, plug.master), kind="port")
    for wire in chart.wires:
        made.add_edge((wire.one.netns, wire.one.device), (wire.other.netns, wire.other.device), kind="wire")
    return made


def _attributes(plug: Plug) -> dict[str, object]:
    return {"kind": plug.kind, "addresses": plug.addresses, "mac": plug.mac, "mtu": plug.mtu, "up": plug.up}
