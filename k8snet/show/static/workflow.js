// A history, write by write: who acts, the call, the objects as they are then. All data is here: nothing below asks
// Python or the kernel. Buttons, slider and keys are the Player's (player.js).
//
//   tell(scene)          each moment with the objects' cards before and after it
//   draw…, build…        the page, made once
//   Workflow.show(n)     one moment on the page

const APART = ["Node", "Lease"]; // not in the tree: nodes are boxes of their own

// --- telling: from writes to what there is ------------------------------------------------------------------------

function tell(scene) {
  let cards = new Map(scene.first);
  const told = new Set([...cards.keys(), ...scene.moments.map((moment) => moment[3])]);
  const moments = scene.moments.map(([now, seat, request, thing, card, sentence, fields, heard, quiet]) => {
    const before = cards;
    cards = new Map(before);
    if (card === null) cards.delete(thing);
    else cards.set(thing, card);
    return { now, seat, request, thing, card, sentence, fields, heard, quiet, before, cards };
  });
  return { moments, told };
}

// The objects that are there, what has just gone, and their owners; owners come before what they own.
function* tree(scene, { cards, thing, card }) {
  const here = new Set(card === null ? [thing] : []);
  for (const place of cards.keys()) here.add(place);
  const shown = new Set([...here].filter((place) => !APART.includes(scene.things[place][0])));
  for (const place of shown) if (scene.things[place][2] >= 0) shown.add(scene.things[place][2]); // a set's loop sees what is added
  yield* below(scene, -1, 0, shown);
}

function* below(scene, owner, depth, shown) {
  for (const [place, [, , above]] of scene.things.entries()) {
    if (above !== owner || !shown.has(place)) continue;
    yield [place, depth];
    yield* below(scene, place, depth + 1, shown);
  }
}

const factsOf = (card) => Object.fromEntries(card ?? []);

// Each node with its state and pods, by name; pods without a node last, under no name.
function nodesOf(scene, { cards }) {
  const all = [...cards].map(([place, card]) => ({ place, kind: scene.things[place][0], name: scene.things[place][1], facts: factsOf(card) }));
  const nodes = new Map(all.filter(({ kind }) => kind === "Node").map(({ name, facts }) => [name, Object.values(facts).join(" ")]));
  const pods = all.filter(({ kind }) => kind === "Pod");
  for (const { facts } of pods) if (facts.node && !nodes.has(facts.node)) nodes.set(facts.node, "");
  const names = [...nodes.keys()].sort((one, other) => one.localeCompare(other, "en", { numeric: true }));
  const boxes = names.map((name) => ({ name, state: nodes.get(name), pods: pods.filter(({ facts }) => facts.node === name) }));
  const waiting = pods.filter(({ facts }) => !facts.node);
  return waiting.length ? [...boxes, { name: "", state: "", pods: waiting }] : boxes;
}

const SUFFIX = /^.+-([bcdfghjklmnpqrstvwxz2456789]{5})$/; // the end of a name that the API server has made
const short = (name) => name.split("/").pop().replace(SUFFIX, "…$1");

// --- the picture of who acts --------------------------------------------------------------------------------------

function drawSeats({ view, seats, frame, drum, labels }) {
  const boxes = seats.map(([who, look, x, y, width, height], n) => {
    const letters = shape("text", { x: x + width / 2, y: y + height / 2 + 4, "text-anchor": "middle" }, who);
    return shape("g", { class: `seat ${look}`, "data-seat": n }, shape("rect", { x, y, width, height, rx: look === "kubelet" ? 0 : 3 }), letters);
  });
  const around = frame ? drawFrame(frame, labels.manager) : [];
  const calls = shape("g", { class: "calls" });
  const svg = shape("svg", { role: "img", "aria-label": labels.picture, viewBox: view.join(" ") }, ...around, ...drawDrum(seats, drum), ...boxes, calls);
  svg.style.maxWidth = `${1.1 * view[2]}px`;
  return { svg, boxes, calls };
}

function drawFrame([x, y, width, height], manager) {
  const name = shape("text", { class: "quiet", x: x + width / 2, y: y + 14, "text-anchor": "middle" }, manager);
  return [shape("rect", { class: "frame", x, y, width, height, rx: 5 }), name];
}

function drawDrum(seats, [x, y, width, height]) {
  const [, , , top, , tall] = seats[seats.length - 1];
  const [right, bottom, ring] = [x + width, y + height, `A${width / 2},4 0 0`];
  const outline = `M${x},${y + 4} ${ring} 1 ${right},${y + 4} V${bottom - 4} ${ring} 1 ${x},${bottom - 4} Z M${x},${y + 4} ${ring} 0 ${right},${y + 4}`;
  return [
    shape("path", { class: "tie", d: `M${x + width / 2},${top + tall} V${y}` }),
    shape("path", { class: "drum", d: outline }),
    shape("text", { class: "strong", x: x + width / 2, y: bottom - 9, "text-anchor": "middle" }, "etcd"),
  ];
}

const head = (x, y, turn) => shape("path", { class: "head", d: "M0,0 L-10,-5 L-10,5 Z", transform: `translate(${x} ${y}) rotate(${turn})` });

function drawNews([, , x, y, width, height], bar, label) {
  const [right, middle] = [x + width, y + height / 2];
  return shape("g", { class: "news" }, shape("path", { d: `M${bar},${middle} H${right + 4}` }), head(right + 2, middle, 180),
    shape("text", { x: right + 14, y: middle - 5 }, label));
}

function drawCall([, , x, y, width, height], bar, request) {
  const [left, middle] = [x + width, y + height / 2];
  return drawArrow(`M${left},${middle} H${bar - 6}`, bar, middle, request, { x: left + 12, y: middle - 8 });
}

// The API server's call to itself.
function drawOwnCall(y, bar, request) {
  return drawArrow(`M${bar},${y - 10} h-20 v10 H${bar - 6}`, bar, y, request, { x: bar - 28, y: y - 1, "text-anchor": "end" });
}

function drawArrow(d, x, y, request, at) {
  const lines = request.map((line, n) => shape("text", { ...at, y: at.y - (request.length - 1 - n) * 15 }, line));
  return shape("g", { class: "call" }, shape("path", { d }), head(x - 1, y, 0), ...lines);
}

// --- the other parts ----------------------------------------------------------------------------------------------

function buildRow(scene, story, moment, place, depth) {
  const { labels } = scene;
  const [kind, name] = scene.things[place];
  const card = moment.cards.get(place);
  const written = place === moment.thing;
  const isGone = !card && story.told.has(place);
  const isNew = written && card && !moment.before.has(place);
  const row = make("li", { class: `${written ? "written" : ""} ${isGone ? "gone" : ""}`, style: `padding-left: ${depth * 16}px` });
  row.append(make("span", { class: "sign", "aria-hidden": "true" }, written ? "◆" : ""), make("span", { class: "kind" }, `${kind} `), make(isGone ? "s" : "b", {}, name));
  if (isGone || isNew) row.append(" ", make("em", {}, isGone ? labels.gone : labels.new));
  if (card) row.append(...facts(labels, card, isNew ? {} : factsOf(moment.before.get(place)), isNew).flatMap((fact) => [" ", fact]));
  return row;
}

// What has changed comes first, as before → after.
function facts(labels, card, before, isNew) {
  const told = card.map(([name, value]) => ({ name, value, old: before[name] ?? "-", isOld: isNew || before[name] === value }));
  return [...told.filter(({ isOld }) => !isOld), ...told.filter(({ isOld }) => isOld)].map(({ name, value, old, isOld }) => {
    const words = [labels[name], isOld ? value : `${old} → ${value}`].filter(Boolean).join(" ");
    return make("span", { class: isOld ? "fact" : "fact changed" }, words);
  });
}

function buildNode({ labels }, { name, state, pods }, moment) {
  const list = make("ul");
  for (const pod of pods) {
    const { status } = pod.facts;
    const runs = status === "Running";
    const chip = make("li", { class: `pod ${runs ? "runs" : ""} ${pod.place === moment.thing ? "written" : ""}`, title: `${pod.name} ${status}` });
    chip.textContent = runs ? short(pod.name) : `${short(pod.name)} ${status}`;
    list.append(chip);
  }
  return make("div", { class: name ? "node" : "node nowhere" }, make("h4", {}, name || labels.nowhere), make("p", {}, state), list);
}

function buildFields({ labels }, { fields, card }) {
  if (card === null) return [make("p", {}, labels["is.gone"])];
  if (!fields.length) return [make("p", {}, labels["is.bare"])];
  const rows = fields.map(([path, before, after]) =>
    make("tr", {}, make("td", {}, path), make("td", {}, before), make("td", { class: "sign" }, before ? "→" : ""), make("td", {}, after)));
  return [make("table", {}, make("tbody", {}, ...rows))];
}

// --- one timeline -------------------------------------------------------------------------------------------------

class Workflow extends Player {
  constructor(scene, at) {
    super(scene.labels);
    this.scene = scene;
    this.story = tell(scene);
    this.shown = scene.shown;
    this.picture = drawSeats(scene);
    this.objects = this.part("objects", "ul");
    this.nodes = this.part("nodes", "div");
    this.fields = this.part("fields", "div");
    this.request = make("p", { class: "request" });
    this.settle(this.assemble());
    this.show(Math.min(at, this.length - 1));
  }

  get length() {
    return this.shown.length;
  }

  part(name, tag) {
    const inner = make(tag);
    const node = make("section", { class: name, role: "region", "aria-label": this.labels[name], tabindex: 0 }, inner);
    return { node, inner };
  }

  assemble() {
    const { labels, title } = this.scene;
    const { svg } = this.picture;
    this.controls.append(...this.buildFilter());
    const stage = make("div", { class: "stage" }, make("div", { class: "picture" }, svg), make("div", { class: "state" }, this.objects.node, this.nodes.node));
    const panel = make("div", { class: "panel" }, this.says, this.request, this.fields.node);
    const header = make("header", {}, make("h3", {}, title), make("p", {}, labels.hint));
    return make("section", { class: "k8snet-player k8snet-workflow", "aria-label": `${labels.workflow} ${title}` }, header, stage, this.controls, panel, this.live);
  }

  // Only where there is something to hide, and something left.
  buildFilter() {
    const { moments } = this.story;
    const loud = moments.flatMap(({ quiet }, place) => (quiet ? [] : [place]));
    if (!loud.length || loud.length === moments.length) return [];
    const box = make("input", { type: "checkbox" });
    box.checked = this.shown.length === loud.length;
    box.addEventListener("change", () => {
      const place = this.shown[this.now];
      this.stop();
      this.shown = box.checked ? loud : moments.map((_, at) => at);
      this.show(Math.max(0, this.shown.findLastIndex((at) => at <= place)));
    });
    return [make("label", { class: "filter", title: this.labels["quiet.title"] }, box, ` ${this.labels.quiet}`)];
  }

  show(number) {
    this.now = number;
    const moment = this.story.moments[this.shown[number]];
    const who = this.scene.seats[moment.seat][0];
    this.say(who, moment.sentence.startsWith(`${who} `) ? moment.sentence.slice(who.length + 1) : moment.sentence);
    this.showActor(moment);
    this.showObjects(moment);
    this.request.replaceChildren(make("span", {}, fill(this.labels.at, moment)), ` ${moment.request.join("")}`);
    this.fields.inner.replaceChildren(...buildFields(this.scene, moment));
    this.fields.node.scrollTop = 0;
  }

  showActor({ seat, request, heard }) {
    const { boxes, calls } = this.picture;
    const { seats, labels, own } = this.scene;
    const server = seats.length - 1;
    const bar = seats[server][2];
    boxes.forEach((box, n) => box.classList.toggle("now", n === seat));
    const news = heard.map((n) => drawNews(seats[n], bar, labels.watch));
    calls.replaceChildren(...news, seat === server ? drawOwnCall(own, bar, request) : drawCall(seats[seat], bar, request));
  }

  showObjects(moment) {
    const rows = [...tree(this.scene, moment)].map(([place, depth]) => buildRow(this.scene, this.story, moment, place, depth));
    this.objects.inner.replaceChildren(...(rows.length ? rows : [make("li", {}, this.labels.none)]));
    this.nodes.inner.replaceChildren(...nodesOf(this.scene, moment).map((node) => buildNode(this.scene, node, moment)));
    for (const { node } of [this.objects, this.nodes]) bringIntoView(node, node.querySelector(".written"));
  }
}

// Within its own part: the page stays where it is.
function bringIntoView(part, node) {
  if (!node) return;
  const [room, place] = [part.getBoundingClientRect(), node.getBoundingClientRect()];
  if (place.top < room.top) part.scrollTop -= room.top - place.top + 8;
  else if (place.bottom > room.bottom) part.scrollTop += place.bottom - room.bottom + 8;
}

const render = playing(["scene", "at"], (model) => new Workflow(model.get("scene"), model.get("at")));

export default { render };
