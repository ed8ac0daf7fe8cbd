# The course's figure, built by hand: two nodes and a router on one network, two pods on each node.

# the machines
ip netns add underlay
ip netns add router
ip netns add node-a
ip netns add node-b
ip netns add pod-a
ip netns add pod-b
ip netns add pod-c
ip netns add pod-d
ip -n router link set lo up
ip -n node-a link set lo up
ip -n node-b link set lo up
ip -n pod-a link set lo up
ip -n pod-b link set lo up
ip -n pod-c link set lo up
ip -n pod-d link set lo up

# the VM network: a switch with three cables
ip -n underlay link add br0 type bridge
ip -n underlay link set br0 up
ip link add eth0 netns router type veth peer name port1 netns underlay
ip link add eth0 netns node-a type veth peer name port2 netns underlay
ip link add eth0 netns node-b type veth peer name port3 netns underlay
ip -n underlay link set port1 master br0
ip -n underlay link set port2 master br0
ip -n underlay link set port3 master br0
ip -n underlay link set port1 up
ip -n underlay link set port2 up
ip -n underlay link set port3 up
ip -n router addr add 10.100.0.1/24 dev eth0
ip -n router link set eth0 up
ip -n node-a addr add 10.100.0.2/24 dev eth0
ip -n node-a link set eth0 up
ip -n node-b addr add 10.100.0.3/24 dev eth0
ip -n node-b link set eth0 up

# a bridge on each node
ip -n node-a link add br0 type bridge
ip -n node-a link set br0 up
ip -n node-a addr add 10.1.1.254/24 dev br0
ip -n node-b link add br0 type bridge
ip -n node-b link set br0 up
ip -n node-b addr add 10.1.2.254/24 dev br0

# the pods' wires
ip link add veth0 netns node-a type veth peer name eth0 netns pod-a
ip link add veth1 netns node-a type veth peer name eth0 netns pod-b
ip link add veth0 netns node-b type veth peer name eth0 netns pod-c
ip link add veth1 netns node-b type veth peer name eth0 netns pod-d
ip -n node-a link set veth0 master br0
ip -n node-a link set veth1 master br0
ip -n node-b link set veth0 master br0
ip -n node-b link set veth1 master br0
ip -n node-a link set veth0 up
ip -n node-a link set veth1 up
ip -n node-b link set veth0 up
ip -n node-b link set veth1 up
ip -n pod-a addr add 10.1.1.1/24 dev eth0
ip -n pod-b addr add 10.1.1.2/24 dev eth0
ip -n pod-c addr add 10.1.2.1/24 dev eth0
ip -n pod-d addr add 10.1.2.2/24 dev eth0
ip -n pod-a link set eth0 up
ip -n pod-b link set eth0 up
ip -n pod-c link set eth0 up
ip -n pod-d link set eth0 up

# routing: pods ask their node, nodes ask the router, and the router knows which node has which pods
ip -n pod-a route add default via 10.1.1.254
ip -n pod-b route add default via 10.1.1.254
ip -n pod-c route add default via 10.1.2.254
ip -n pod-d route add default via 10.1.2.254
ip -n node-a route add default via 10.100.0.1
ip -n node-b route add default via 10.100.0.1
ip -n router route add 10.1.1.0/24 via 10.100.0.2
ip -n router route add 10.1.2.0/24 via 10.100.0.3
ip netns exec node-a sysctl -w net.ipv4.ip_forward=1
ip netns exec node-b sysctl -w net.ipv4.ip_forward=1
ip netns exec router sysctl -w net.ipv4.ip_forward=1
