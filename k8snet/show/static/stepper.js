// A packet's story, step by step, on the map of its world. All data is here: nothing below asks Python or the kernel.
//
//   tell(scene, journey)  numbers become moments: sentence, place, headers and evidence of each step
//   draw…, build…         the page, made once
//   Stepper.show(n)       one moment on the page; buttons, slider and keys are the Player's (player.js)

const EVERYBODY = "ff:ff:ff:ff:ff:ff";

// --- telling: from numbers to moments -----------------------------------------------------------------------------

function tell(scene, told) {
  const journey = { kinds: [], spots: [], strings: [], later: 0, question: "", ...told };
  const strings = [...scene.strings, ...journey.strings];
  const spots = [...scene.spots, ...journey.spots];
  const kinds = [...scene.kinds, ...journey.kinds].map(([key, sentence, names, tag]) => ({ key, sentence, names, tag }));
  const steps = readSteps(journey.steps, kinds, strings);
  const changes = journey.changes.map((change) => pairs(change));
  const packets = readPackets(scene, journey.packets, strings);
  const moments = [];
  for (let i = 0; i < journey.runs.length; i += 3) {
    const [number, first, count] = journey.runs.slice(i, i + 3);
    for (const step of steps.slice(first, first + count)) {
      const packet = packets[number];
      const before = packet.now;
      packet.now = changed(scene, before, changes[step.change], strings);
      moments.push({ ...step, packet, before, headers: packet.now, spot: spots[step.spot], last: packet.last });
      packet.last = moments.length - 1;
      packet.moments.push(packet.last);
    }
  }
  moments.forEach((moment) => (moment.sentence = sentence(scene, moment)));
  packets.forEach((packet) => (packet.lost = packet.moments.some((n) => /^(Dropped|Rejected)/.test(moments[n].kind.key))));
  return { moments, packets: packets.filter((packet) => packet.moments.length), strings, later: journey.later };
}

function readSteps(numbers, kinds, strings) {
  const steps = [];
  for (let i = 0; i < numbers.length; ) {
    const kind = kinds[numbers[i]];
    const evidence = {};
    kind.names.forEach((name, place) => (evidence[name] = strings[numbers[i + 3 + place]]));
    steps.push({ kind, spot: numbers[i + 1], change: numbers[i + 2], evidence });
    i += 3 + kind.names.length;
  }
  return steps;
}

function pairs(flat) {
  return flat.flatMap((number, place) => (place % 2 ? [] : [[number, flat[place + 1]]]));
}

// A packet is told as what differs from an earlier one.
function readPackets(scene, packets, strings) {
  const made = [];
  packets.forEach(([role, again, base, ...change], number) => {
    const first = changed(scene, base < 0 ? {} : made[base].first, pairs(change), strings);
    made.push({ number, role: ["request", "reply", "arp"][role], again, first, now: first, moments: [] });
  });
  return made;
}

function changed(scene, headers, change, strings) {
  if (!change.length) return headers;
  const after = { ...headers };
  for (const [field, text] of change) {
    if (text < 0) delete after[scene.fields[field][1]];
    else after[scene.fields[field][1]] = strings[text];
  }
  return after;
}

function sentence(scene, { kind, spot, evidence, headers }) {
  const everyone = headers.mac_dst === EVERYBODY ? { mac_dst: "everyone" } : {};
  const packet = fill(scene.forms[`packet.${headers.form}`] ?? "", headers);
  const frame = fill(scene.forms.frame, { ...headers, ...everyone, packet });
  return fill(kind.sentence, { ...headers, device: spot[1], bridge: spot[1], frame, ...evidence });
}

function nameOf({ first }) {
  const what = first.segment ?? first.message ?? (first.proto === "ARP" ? first.op : "");
  return [first.segment ? "" : first.proto, what].join(" ").trim();
}

const endsOf = ({ first }) => [first.src ?? first.sender_ip, first.dst ?? first.target_ip].filter(Boolean).join(" → ");

// --- the map ------------------------------------------------------------------------------------------------------

function drawMap({ map, labels }) {
  const parts = [
    ...map.boxes.map((box) => rectangle(box, `box ${box.look}`, box.look === "pod" ? 12 : 0)),
    ...map.lines.map((line) => shape("polyline", { class: line.look, points: line.points.join(" ") })),
    ...map.bars.map((bar) => rectangle(bar, "bar", 2)),
  ];
  const above = [
    ...map.dots.map((dot) => shape("circle", { class: dot.up ? "dot" : "dot down", cx: dot.x, cy: dot.y, r: 4.5 })),
    ...map.texts.map((text) => letters(map, text)),
  ];
  const way = shape("path", { class: "way" });
  const edge = shape("path", { class: "way-edge" });
  const token = shape("circle", { class: "token", r: 8 });
  const tag = shape("g", { class: "tag" }, shape("rect", { height: 22, y: -11, rx: 11 }), shape("text", { y: 4.3 }));
  const picture = { role: "img", "aria-label": labels.map, viewBox: map.view.join(" ") };
  const svg = shape("svg", picture, ...parts, edge, way, ...above, token, tag);
  svg.style.maxWidth = `${1.1 * map.view[2]}px`;
  return { svg, way, edge, token, tag };
}

function rectangle({ netns, device, x, y, width, height }, look, rx) {
  return shape("rect", { class: look, "data-place": `${netns}/${device ?? ""}`, x, y, width, height, rx });
}

function letters(map, { look, text, x, y, anchor }) {
  const inPod = map.boxes.some((box) => box.look === "pod" && x > box.x && x < box.x + box.width && y > box.y && y < box.y + box.height);
  const node = shape("text", { class: inPod ? `${look} on-pod` : look, x, y, "text-anchor": anchor });
  node.textContent = text;
  return node;
}

// Where a packet has been: the wires that it crossed, and its ways through boxes. A way goes on from the last `at`.
function wayOf(scene, moments, upTo) {
  const lines = [];
  const at = {};
  for (const number of moments[upTo].packet.moments) {
    if (number > upTo) break;
    const { kind, spot } = moments[number];
    const [netns, device, x, y, wire] = spot;
    if (!device) continue;
    const onBar = isBar(scene, netns, device);
    const cameByWire = kind.key === "Captured.in" && wire >= 0;
    if (cameByWire) lines.push(scene.map.lines.filter(({ look }) => look === "wire")[wire].points);
    const here = through(cameByWire ? undefined : at[netns], { x, y, onBar }, lines);
    if (kind.key !== "Captured.out" || onBar) at[netns] = here;
  }
  const path = [...new Set(lines.flatMap(segments))].join("");
  const [netns, device] = moments[upTo].spot;
  return { path, here: isBar(scene, netns, device) ? at[netns] : undefined };
}

// A stretch that is passed twice is drawn once: dashes of two would fill each other's gaps.
const segments = (points) => points.slice(1).map((end, n) => `M${[`${points[n]}`, `${end}`].sort().join("L")}`);

const isBar = ({ map }, netns, device) => map.bars.some((bar) => bar.netns === netns && bar.device === device);

// One way through a box: along the bar, or across the middle if there is none. Returns the point that was reached.
function through(from, { x, y, onBar }, lines) {
  if (onBar) {
    if (from) lines.push([[from.x, from.y], [from.x, y]]);
    return { x: from ? from.x : x, y, onBar };
  }
  if (from && from.onBar) lines.push([[from.x, from.y], [x, from.y], [x, y]]);
  else if (from && from.x !== x) lines.push([[from.x, from.y], [from.x, middle(from.y, y)], [x, middle(from.y, y)], [x, y]]);
  return { x, y, onBar };
}

const middle = (one, other) => (one === other ? one + 24 : (one + other) / 2);

// --- the page -----------------------------------------------------------------------------------------------------

function buildPacket(packet, id, labels) {
  const sign = packet.lost ? "×" : { request: "→", reply: "←", arp: "" }[packet.role];
  const option = make("li", { role: "option", id, "aria-selected": "false", class: packet.lost ? "lost" : packet.role });
  option.textContent = packet.first.form ? `${packet.number + 1} ${nameOf(packet)} ${sign}` : labels.none;
  option.title = `${endsOf(packet)}${packet.again ? " (again)" : ""}`;
  return option;
}

function buildBands({ fields, labels }) {
  const bands = {};
  for (const [layer, name, label] of fields.filter(([layer]) => layer !== "hidden")) {
    bands[layer] ??= { node: make("div", { class: "band" }), title: make("h4"), cells: make("dl") };
    const value = make("dd");
    const was = make("dd", { class: "was" });
    const cell = make("div", { "data-field": name }, make("dt", {}, label), value, was);
    bands[layer].cells.append(cell);
    (bands[layer].fields ??= []).push({ name, cell, value, was });
  }
  for (const band of Object.values(bands)) band.node.append(band.title, band.cells);
  const node = make("section", { class: "headers", role: "region", "aria-label": labels.headers, tabindex: 0 });
  node.append(...Object.values(bands).map((band) => band.node));
  return { node, bands };
}

// --- evidence -----------------------------------------------------------------------------------------------------

// Rows are [sign, text, remark]; a sign marks what was chosen.
function evidenceOf(scene, story, number) {
  const moment = story.moments[number];
  const plain = moment.kind.key.split(".")[0];
  const tellers = { Routed: routes, Bridged: ports, Tracked: tuples, Matched: rule, Captured: sighting, end: ending };
  return (tellers[plain] ?? plainly)(scene, story, moment, number);
}

function plainly({ labels, fields }, story, { kind, evidence, spot, before, headers }) {
  const rows = kind.names.map((name) => ["", evidence[name], labels[name] ?? name]);
  for (const [layer, name, label] of fields) {
    if (layer !== "hidden" && before[name] !== headers[name]) rows.push(["◆", `${before[name] ?? ""} → ${headers[name] ?? ""}`, label]);
  }
  return { title: `${spot[0]}: ${labels[kind.key.split(".")[0]] ?? kind.tag}`, rows, note: labels[evidence.state] ?? "" };
}

function sighting(scene, story, { kind, spot, headers }) {
  const { labels } = scene;
  const owner = (mac) => scene.spots.filter((each) => mac && story.strings[each[6]] === mac).map((each) => `${each[0]} ${each[1]}`)[0];
  const far = scene.spots.find((each) => each !== spot && each[4] === spot[4] && spot[4] >= 0);
  const direction = kind.key.split(".")[1];
  const rows = [["", spot[1], labels[`device.${direction}`]]];
  if (far) rows.push(["", `${far[0]} ${far[1]}`, labels[`wire.${direction}`]]);
  for (const name of ["mac_src", "mac_dst"]) {
    const known = owner(headers[name]);
    if (known) rows.push(["", known, labels[name]]);
  }
  return { title: `${spot[0]}: ${labels.Captured}`, rows, note: "" };
}

const asNumber = (address) => address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);

function covers(prefix, address) {
  const [network, length] = prefix.split("/");
  const size = 2 ** (32 - Number(length));
  return Math.floor(asNumber(network) / size) === Math.floor(asNumber(address) / size);
}

function routes(scene, story, { kind, spot, evidence, headers }) {
  const { labels } = scene;
  const place = scene.spots.findIndex((each) => each[0] === spot[0]);
  const table = (scene.routes[place] ?? []).map(([name, text, prefix]) => ({ name, text: story.strings[text], prefix }));
  const fitting = table.filter((each) => headers.dst && covers(each.prefix, headers.dst));
  const isOwn = kind.key === "Routed.local";
  const chosen = isOwn ? fitting.find((each) => each.name === "local") : table.find((each) => each.text === evidence.route);
  const others = table.filter((each) => each.name !== "local" && !fitting.includes(each));
  const row = (each) => [each === chosen ? "✔" : "", each.text, remark(each, chosen, labels)];
  const gone = evidence.route && !chosen ? [["✔", evidence.route, labels.gone]] : [];
  const rows = [...gone, ...fitting.map(row), ...others.map((each) => ["", each.text, labels.elsewhere])];
  const note = [fill(chosen || evidence.route ? labels.longest : labels.nothing, headers), story.later ? labels.later : ""];
  return { title: `${spot[0]}: ${fill(labels.routes, headers)}`, rows, note: note.filter(Boolean).join(" ") };
}

function remark(route, chosen, labels) {
  const length = `/${route.prefix.split("/")[1]}`;
  return fill(route === chosen ? labels.chosen : labels.covers, { length, table: route.name });
}

function ending(scene, story, moment, number) {
  const told = [...story.moments.slice(0, number)].reverse().find(({ kind }) => /^(Dropped|Rejected)/.test(kind.key));
  const rows = [["", moment.evidence.verdict, scene.labels.verdict]];
  if (told) rows.push(["×", told.sentence, told.spot[0]]);
  return { title: `${moment.spot[0]}: ${scene.labels.end}`, rows, note: "" };
}

function ports(scene, story, moment, number) {
  const { labels } = scene;
  const [netns, bridge] = moment.spot;
  const own = scene.spots.indexOf(moment.spot);
  const came = cameBy(story, number, netns);
  const names = scene.spots.filter((spot) => spot[5] === own).map((spot) => spot[1]);
  const toAll = moment.headers.mac_dst === EVERYBODY;
  const chosen = [...(moment.evidence.ports ?? bridge).split(", "), ...(toAll && names.includes(came) ? [bridge] : [])];
  const rows = names.map((name) => {
    const isOut = chosen.includes(name);
    return [isOut ? "✔" : "", name, isOut ? labels.out : name === came ? labels.came : ""];
  });
  rows.push([chosen.includes(bridge) ? "✔" : "", bridge, labels.itself]);
  const note = labels[toAll ? "Bridged.everybody" : moment.kind.key] ?? "";
  return { title: `${netns} ${bridge}: ${fill(labels.ports, moment.headers)}`, rows, note };
}

function cameBy(story, number, netns) {
  for (let n = number; n !== undefined; n = story.moments[n].last) {
    const { kind, spot } = story.moments[n];
    if (spot[0] === netns && kind.key === "Captured.in") return spot[1];
  }
  return "";
}

function tuples({ labels }, story, { spot, evidence }) {
  const rows = ["original", "replied"].filter((name) => evidence[name]).map((name) => ["", evidence[name], labels[name]]);
  return { title: `${spot[0]}: ${labels.Tracked} ${evidence.ctstate}`, rows, note: labels.tuples };
}

function rule(scene, story, moment, number) {
  const { evidence, spot, packet } = moment;
  const { labels } = scene;
  const { table, chain, number: place, hook } = evidence;
  const later = packet.moments.filter((n) => n > number).map((n) => story.moments[n]);
  const judged = later.find(({ kind, evidence: said }) => kind.key === "Judged" && said.table === table && said.hook === hook);
  const rows = [["✔", `-t ${table} ${evidence.rule}`, fill(labels.rule, { number: place, chain })]];
  if (judged) rows.push(["", judged.sentence, fill(labels.tried, judged.evidence)]);
  return { title: `${spot[0]}: ${fill(labels.walk, evidence)}`, rows, note: "" };
}

// --- one stepper --------------------------------------------------------------------------------------------------

class Stepper extends Player {
  constructor(scene, journey) {
    super(scene.labels);
    this.scene = scene;
    this.story = tell(scene, journey);
    this.build(journey.question ?? "");
    this.show(0);
  }

  get length() {
    return this.story.moments.length;
  }

  build(question) {
    const { labels } = this.scene;
    this.map = drawMap(this.scene);
    this.list = make("ol", { role: "listbox", class: "packets", tabindex: 0, "aria-label": labels.packets });
    this.list.append(...this.story.packets.map((packet, n) => buildPacket(packet, `${this.id}-${n}`, labels)));
    this.list.addEventListener("click", ({ target }) => this.jump([...this.list.children].indexOf(target.closest("li"))));
    this.headers = buildBands(this.scene);
    this.evidence = make("section", { class: "evidence", role: "region", "aria-label": labels.proof, tabindex: 0 });
    this.settle(this.assemble(question));
  }

  get id() {
    return (this.ownId ??= `k8snet-${Math.random().toString(36).slice(2)}`);
  }

  assemble(question) {
    const { labels } = this.scene;
    const picture = make("div", { class: "picture" }, this.map.svg, this.controls);
    const panel = make("div", { class: "panel" }, this.says, this.list, this.headers.node, this.evidence);
    const title = make("header", {}, make("h3", {}, question), make("p", {}, labels.hint));
    return make("section", { class: "k8snet-player k8snet-stepper", "aria-label": `${labels.stepper} ${question}` }, title, picture, panel, this.live);
  }

  // --- moving

  jump(place) {
    const packet = this.story.packets[place];
    if (packet) this.go(packet.moments[0]);
  }

  jumpBy(places) {
    this.jump(this.story.packets.indexOf(this.story.moments[this.now].packet) + places);
  }

  keys() {
    return { ...super.keys(), ArrowUp: () => this.jumpBy(-1), ArrowDown: () => this.jumpBy(1) };
  }

  // --- showing

  show(number) {
    this.now = number;
    const moment = this.story.moments[number];
    this.say(moment.spot[0], moment.sentence);
    this.showPlace(moment);
    this.showPacket(moment);
    this.showHeaders(moment);
    this.showEvidence(number);
  }

  showPlace(moment) {
    const { svg, way, edge, token } = this.map;
    const [netns, device, x, y] = moment.spot;
    svg.querySelectorAll(".lit").forEach((node) => node.classList.remove("lit"));
    for (const place of [`${netns}/`, ...(device ? [`${netns}/${device}`] : [])]) {
      svg.querySelector(`[data-place="${CSS.escape(place)}"]`)?.classList.add("lit");
    }
    const { path, here } = wayOf(this.scene, this.story.moments, this.now);
    way.setAttribute("d", path);
    edge.setAttribute("d", path);
    svg.dataset.role = moment.packet.role;
    const at = here ?? { x, y };
    token.style.transform = `translate(${at.x}px, ${at.y}px)`;
    token.classList.toggle("away", !device);
    this.showTag(moment);
  }

  showTag({ kind, spot, evidence, headers }) {
    const { svg, tag } = this.map;
    const [frame, text] = tag.children;
    const [, , x, y] = this.scene.spots.find(([netns]) => netns === spot[0]) ?? spot;
    const sign = { Dropped: "× ", Rejected: "× ", Rewritten: "◆ " }[kind.key.split(".")[0]] ?? "";
    text.textContent = sign + fill(kind.tag, { ...headers, ...evidence });
    const width = text.textContent.length * 7.3 + 22;
    attach(frame, { width, x: -width / 2 }, []);
    const [left, , across] = this.scene.map.view;
    const inside = Math.max(left + width / 2 + 2, Math.min(x, left + across - width / 2 - 2));
    tag.setAttribute("transform", `translate(${inside} ${y})`);
    tag.setAttribute("class", `tag ${{ "× ": "lost", "◆ ": "nat" }[sign] ?? ""}`);
    svg.classList.toggle("tagged", !kind.key.startsWith("Captured"));
  }

  showPacket({ packet }) {
    const place = this.story.packets.indexOf(packet);
    const option = this.list.children[place];
    if (!option || this.list.getAttribute("aria-activedescendant") === option.id) return;
    for (const each of this.list.children) each.setAttribute("aria-selected", String(each === option));
    this.list.setAttribute("aria-activedescendant", option.id);
    this.list.scrollLeft = option.offsetLeft - (this.list.clientWidth - option.offsetWidth) / 2;
  }

  showHeaders({ headers, before }) {
    for (const [layer, { node, title, fields }] of Object.entries(this.headers.bands)) {
      let used = false;
      for (const { name, cell, value, was } of fields) {
        const [old, now] = [before[name], headers[name]];
        const isNew = old !== now && old !== undefined;
        cell.hidden = now === undefined;
        cell.classList.toggle("changed", isNew && now !== undefined);
        value.textContent = now ?? "";
        was.textContent = isNew ? `${old} →` : "";
        used ||= now !== undefined && !(name === "proto" && now === "ARP");
      }
      node.hidden = !used;
      title.textContent = layer || headers.proto || "";
    }
  }

  showEvidence(number) {
    const { title, rows, note } = evidenceOf(this.scene, this.story, number);
    const cells = rows.map(([sign, text, remark]) =>
      make("tr", sign ? { class: sign === "×" ? "lost" : "chosen" } : {},
        make("td", { class: "sign" }, sign), make("td", { class: "what" }, text ?? ""), make("td", {}, remark ?? "")));
    this.evidence.replaceChildren(make("h4", {}, title), make("table", {}, make("tbody", {}, ...cells)), make("p", {}, note));
    this.evidence.scrollTop = 0;
  }
}

const render = playing(["journey"], (model) => new Stepper(model.get("scene"), model.get("journey")));

export default { render };
