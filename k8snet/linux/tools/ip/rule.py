"""``ip rule``: the policy that chooses among routing tables. Source: iproute2's iprule.c, the kernel's fib_rules.c."""

from __future__ import annotations

from k8snet.errors import CommandError, NotModelled
from k8snet.linux.address import EVERYWHERE, Network
from k8snet.linux.fact import Fact, changed
from k8snet.linux.netns import Netns
from k8snet.linux.route import LOCAL, MAIN, Policy, Routing
from k8snet.linux.tools.ip.route_show import table_name, table_number
from k8snet.linux.tools.ip.words import Options, Words, number, prefix, refused, resolve, verb, wrong

ACTIONS = ("blackhole", "unreachable", "prohibit")
UNKNOWN_KEYWORDS = frozenset({
    "dport", "dsfield", "goto", "ipproto", "l3mdev", "nat", "map-to", "nop", "protocol", "realms", "sport",
    "suppress_ifgroup", "suppress_prefixlength", "sup_group", "sup_pl", "tos", "tun_id", "uidrange",
})
KNOWN = "not, from, to, fwmark, iif, oif, pref, table, lookup, " + ", ".join(ACTIONS)


class Asked(Fact, frozen=True):
    """What a command says about a policy rule; None: nothing is said."""

    priority: int | None = None
    table: int | None = None
    action: str | None = None
    src: Network | None = None
    dst: Network | None = None
    mark: int | None = None
    mask: int | None = None
    iif: str | None = None
    oif: str | None = None
    inverted: bool = False


def run(netns: Netns, words: Words, options: Options, stdin: str) -> str:
    """Run ``ip rule COMMAND``."""
    return verb(words, VERBS, "ip rule")(netns, words, options)


def _parse(words: Words) -> Asked:
    asked = Asked()
    while words:
        word = words.take()
        if word == "not":
            asked = changed(asked, inverted=True)
        elif word in ("from", "to"):
            network = _network(words.take())
            asked = changed(asked, src=network) if word == "from" else changed(asked, dst=network)
        elif word == "fwmark":
            mark, mask = _mark(words.take())
            asked = changed(asked, mark=mark, mask=mask)
        elif word in ("iif", "dev", "oif"):
            asked = changed(asked, **{"oif" if word == "oif" else "iif": words.take()})
        elif word in ("lookup", "table") or (word and resolve(word, ["table"])):
            asked = changed(asked, table=table_number(words.take(), "invalid table ID\n"))
        elif word in UNKNOWN_KEYWORDS:
            raise NotModelled(f"ip rule's {word}", known=KNOWN)
        elif word and resolve(word, ["preference", "order", "priority"]):
            asked = changed(asked, priority=number(words.take(), "preference value is invalid\n"))
        else:
            asked = changed(asked, action=_action(words.take() if word == "type" else word))
    return asked


def _network(word: str) -> Network:
    """A prefix; the kernel keeps the bits behind it as they are written, and does not look at them."""
    ip, length = prefix(word)
    return Network(ip, length) if length else EVERYWHERE


def _mark(word: str) -> tuple[int, int]:
    mark, slash, mask = word.partition("/")
    value = number(mark, "fwmark value is invalid\n")
    return value, number(mask, "fwmask value is invalid\n") if slash else 0xFFFFFFFF


def _action(word: str) -> str:
    if word in ("unicast", "local", "broadcast", "brd", "anycast", "multicast", "throw", "xresolve"):
        raise NotModelled(f"a rule of type {word}", known=", ".join(ACTIONS))
    if word not in ACTIONS:
        raise wrong(word, "Failed to parse rule type")
    return word


# --- add, delete, flush ------------------------------------------------------------------------------------------


def _add(netns: Netns, words: Words, options: Options) -> str:
    if not words:
        raise CommandError('"ip rule add" requires arguments.', code=1)
    asked, routing = _parse(words), netns.routing
    priority = _free_priority(routing) if asked.priority is None else asked.priority
    if asked.table == 0:
        raise NotModelled("a policy rule for table 0", known="a table by name or number")
    table = asked.table if asked.table is not None else MAIN
    policy = Policy(
        priority, MAIN if asked.action else table, asked.action or "lookup", asked.src or EVERYWHERE,
        asked.dst or EVERYWHERE, asked.mark or 0, asked.mask or 0, asked.iif, asked.oif, asked.inverted,
    )  # fmt: skip
    if any(_is_the_same(policy, each) for each in routing.policies if each not in Routing().policies):
        raise refused("EEXIST")
    routing.add_policy(policy)
    return ""


def _is_the_same(policy: Policy, other: Policy) -> bool:
    """As the kernel compares them: a "not" does not count, nor does a selector that says all (rule_exists)."""
    src, dst = (mine if mine.length else theirs for mine, theirs in ((policy.src, other.src), (policy.dst, other.dst)))
    return changed(policy, inverted=other.inverted, src=src, dst=dst) == other


def _free_priority(routing: Routing) -> int:
    """One less than that of the rule behind the first (fib_default_rule_pref)."""
    if len(routing.policies) > 1 and routing.policies[1].priority:
        return routing.policies[1].priority - 1
    return 0


def _delete(netns: Netns, words: Words, options: Options) -> str:
    if not words:
        raise CommandError('"ip rule del" requires arguments.', code=1)
    asked = _parse(words)
    found = next((policy for policy in netns.routing.policies if _is_meant(asked, policy)), None)
    if found is None:
        raise refused("ENOENT")
    netns.routing.policies.remove(found)
    netns.routing.is_merged = False
    return ""


def _is_meant(asked: Asked, policy: Policy) -> bool:
    """What is said must be so; ``from all`` and ``not`` say nothing here, as in the kernel (rule_find)."""
    action = asked.action or ("lookup" if asked.table is not None else None)
    said = {"priority": asked.priority, "table": asked.table, "action": action, "mark": asked.mark or None,
            "src": _unless_all(asked.src), "dst": _unless_all(asked.dst),
            "mask": asked.mask, "iif": asked.iif, "oif": asked.oif}
    return all(value is None or getattr(policy, field) == value for field, value in said.items())


def _unless_all(network: Network | None) -> Network | None:
    return None if network == EVERYWHERE else network


def _flush(netns: Netns, words: Words, options: Options) -> str:
    """Remove all rules but the one for ``local``."""
    if words:
        raise NotModelled("ip rule flush with a selector", known="ip rule flush")
    netns.routing.policies = [policy for policy in netns.routing.policies if policy == Policy(0, LOCAL)]
    return ""


# --- show --------------------------------------------------------------------------------------------------------


def _show(netns: Netns, words: Words, options: Options) -> str:
    asked = _parse(words)
    return "".join(_line(netns, policy, options) for policy in netns.routing.policies if _is_meant(asked, policy))


def _line(netns: Netns, policy: Policy, options: Options) -> str:
    parts = ["not"] if policy.inverted else []
    parts.append(f"from {_who(policy.src)}")
    parts += [f"to {_who(policy.dst)}"] if policy.dst != EVERYWHERE else []
    if policy.mark or policy.mask:
        mask = f"/{policy.mask:#x}" if policy.mask != 0xFFFFFFFF else ""
        parts.append(f"fwmark {f'{policy.mark:#x}' if policy.mark else 0}{mask}")
    for keyword, name in (("iif", policy.iif), ("oif", policy.oif)):
        if name is not None:
            parts.append(f"{keyword} {name}" + ("" if name in netns.devices else " [detached]"))
    parts.append(f"lookup {table_name(policy.table)}" if policy.action == "lookup" else policy.action)
    if options.details:
        parts.append("proto kernel" if policy in Routing().policies else "proto unspec")
    return f"{policy.priority}:\t{' '.join(parts)}\n"


def _who(network: Network) -> str:
    if network.length == 0:
        return "all"
    return str(network.address) if network.length == 32 else str(network)


def _not_modelled(netns: Netns, words: Words, options: Options) -> str:
    raise NotModelled("this command of ip rule", known="show, add, delete, flush")


VERBS = {
    "list": _show, "lst": _show, "show": _show, "add": _add, "delete": _delete, "flush": _flush, "save": _not_modelled,
    "restore": _not_modelled, "help": _not_modelled,
}
