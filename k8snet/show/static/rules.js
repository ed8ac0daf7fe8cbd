// A packet and the rules of one kernel, rule by rule: where it is among the chains, what each rule of a chain said, and the
// packet then. All data is here: nothing below asks Python or the kernel. Buttons, slider and keys are the Player's (player.js).
//
//   draw…, build…     the page, made once or for one chain
//   Explorer.show(n)  one moment on the page

const SIGNS = { matched: "✓", failed: "✗", untried: "·", gap: "⋮", end: "↩", nat: "◆" };
const [ASIDE, KNOWN] = [0, 1]; // how a chain was met; 2: its rules were asked
const BOX = 21;
const PAD = 9;

// --- the map of the chains ----------------------------------------------------------------------------------------

const path = (points, name) => shape("path", { class: name, d: `M${points.map((point) => point.join(",")).join(" L")}` });

function drawFrame([hook, x, y, width, height]) {
  return shape("g", { class: "hook" }, shape("rect", { x, y, width, height, rx: 5 }), shape("text", { x: x + PAD, y: y + 17 }, hook));
}

function drawArrow(points) {
  const [[before, above], [x, y]] = points.slice(-2);
  const turn = x > before ? 0 : x < before ? 180 : y > above ? 90 : 270;
  const head = shape("path", { class: "head", d: "M0,0 L-9,-4.6 L-9,4.6 Z", transform: `translate(${x} ${y}) rotate(${turn})` });
  return shape("g", { class: "arrow" }, path(points, "way"), head);
}

function drawNote([kind, lines, x, y]) {
  const signs = { nat: "M0,-9 L9,0 L0,9 L-9,0 Z", end: "M-7,-7 L7,7 M-7,7 L7,-7" };
  const sign = signs[kind] ? [shape("path", { d: signs[kind], transform: `translate(${x + 11} ${y + 10})` })] : [];
  const letters = lines.map((line, n) => shape("text", { x: x + (sign.length ? 28 : 8), y: y + 14 + 17 * n }, line));
  return shape("g", { class: `note ${kind}` }, ...sign, ...letters);
}

// A chain as a button: what a click does, Enter and space do too.
function drawBox([room, label, count, x, y, width], name, met, act) {
  const name_ = shape("text", { class: "name", x: x + PAD, y: y + 15 }, label);
  const tried = shape("text", { x: x + width - PAD, y: y + 15, "text-anchor": "end" }, count);
  const look = met === ASIDE ? "box aside" : "box";
  const node = shape("g", { class: look, role: "button", tabindex: 0, "aria-label": name, "data-room": room });
  node.append(shape("title", {}, name), shape("rect", { x, y, width, height: BOX, rx: 3 }), name_, tried);
  node.addEventListener("click", () => act(room));
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    act(room);
  });
  return node;
}

function drawMap(scene, act) {
  const { view, labels } = scene;
  const boxes = scene.boxes.map((box) => {
    const [who, tried, count, met] = scene.rooms[box[0]];
    return drawBox(box, fill([labels.aside, labels.known, labels.chain][met], { who, tried, count }), met, act);
  });
  const ties = scene.ties.map(([points, lit]) => path(points, lit ? "way" : "tie"));
  const drawn = [...scene.frames.map(drawFrame), ...ties, ...scene.arrows.map(drawArrow), ...boxes, ...scene.notes.map(drawNote)];
  const svg = shape("svg", { role: "group", "aria-label": labels.chains, viewBox: view.join(" ") }, ...drawn);
  svg.style.width = `${view[2]}px`;
  return { svg, boxes };
}

// --- the rules of a chain, and the packet -------------------------------------------------------------------------

// The words of the rule that failed are marked in it.
function ruleText(text, point) {
  const at = point ? text.indexOf(point) : -1;
  if (at < 0) return [text];
  return [text.slice(0, at), make("mark", {}, point), text.slice(at + point.length)];
}

function buildRow([kind, number, , text, why, effect, point], labels) {
  const sign = make("span", { class: "sign", "aria-hidden": "true" }, SIGNS[kind]);
  const row = make("li", { class: kind }, sign, make("span", { class: "number" }, kind === "gap" || kind === "end" || kind === "nat" ? "" : `${number}`));
  const body = make("div");
  if (text) body.append(make("code", {}, ...ruleText(text, point)));
  if (kind === "gap") body.append(make("p", {}, `… ${why}`));
  else if (kind === "end") body.append(make("p", {}, why));
  else if (labels[kind]) body.append(make("p", {}, make("b", {}, labels[kind]), why ? `: ${why}` : "", effect ? make("b", {}, ` → ${effect}`) : ""));
  row.append(body);
  return row;
}

// Of the packet what it has; what is not as it was a moment before, as before → after.
function buildPacket(fields, now, before) {
  const pairs = fields.map((label, n) => ({ label, value: now[n], old: before[n] })).filter(({ value, old }) => value || old);
  return pairs.flatMap(({ label, value, old }) => {
    const words = value === old ? [value] : [make("s", {}, old || "–"), " → ", make("b", {}, value || "–")];
    return [make("dt", {}, label), make("dd", value === old ? {} : { class: "changed" }, ...words)];
  });
}

// --- one explorer -------------------------------------------------------------------------------------------------

class Explorer extends Player {
  constructor(scene, at) {
    super(scene.labels);
    this.scene = scene;
    this.map = drawMap(scene, (room) => this.choose(room));
    this.heading = make("h4");
    this.list = make("ol");
    this.fields = make("dl");
    this.settle(this.assemble());
    this.show(Math.min(at, this.length - 1));
  }

  get length() {
    return this.scene.moments.length;
  }

  part(name, ...inner) {
    return make("section", { class: name, role: "region", "aria-label": this.labels[name], tabindex: 0 }, ...inner);
  }

  assemble() {
    const { labels, title, packet } = this.scene;
    this.picture = make("div", { class: "picture" }, this.map.svg);
    this.rows = this.part("list", this.list);
    const panel = make("div", { class: "panel" }, this.heading, this.rows, this.part("packet", this.fields));
    const header = make("header", {}, make("h3", {}, title), make("p", {}, labels.hint), make("p", { class: "asked" }, packet));
    return make("section", { class: "k8snet-player k8snet-rules", "aria-label": `${labels.rules} ${title}` }, header, this.picture, this.controls, this.says, panel, this.live);
  }

  keys() {
    return { ...super.keys(), ArrowUp: () => this.leap(-1), ArrowDown: () => this.leap(1) };
  }

  // To where the packet changes from one chain to another, before or behind this moment.
  leap(way) {
    const { moments } = this.scene;
    const here = moments[this.now][0];
    let at = this.now;
    while (moments[at]?.[0] === here) at += way;
    if (!moments[at]) return this.go(way < 0 ? 0 : this.length - 1);
    if (way < 0) while (at > 0 && moments[at - 1][0] === moments[at][0]) at -= 1;
    this.go(at);
  }

  // A chain that was chosen: to the packet's first moment in it; where the packet did not come, its rules are shown.
  choose(room) {
    const at = this.scene.moments.findIndex(([chain]) => chain === room);
    if (at >= 0) this.go(at);
    else {
      this.stop();
      this.showChain(room, -1);
    }
  }

  show(number) {
    this.now = number;
    const [room, row, sentence, header, rewrites] = this.scene.moments[number];
    const before = this.scene.moments[Math.max(0, number - 1)][3];
    this.say(this.scene.rooms[room][0], sentence);
    this.showChain(room, row);
    this.fields.replaceChildren(...buildPacket(this.scene.fields, this.scene.headers[header], this.scene.headers[before]));
    this.fields.classList.toggle("nat", Boolean(rewrites));
  }

  showChain(room, at) {
    const [who, tried, count, , rows] = this.scene.rooms[room];
    const { moments, tried: all } = this.scene;
    if (this.shown !== room) this.list.replaceChildren(...(rows.length ? rows.map((row) => buildRow(row, this.labels)) : [make("li", { class: "none" }, this.labels.none)]));
    this.shown = room;
    [...this.list.children].forEach((row, n) => {
      row.classList.toggle("now", n === at);
      if (n === at) row.setAttribute("aria-current", "step");
      else row.removeAttribute("aria-current");
    });
    this.heading.textContent = fill(this.labels.heading, { who, tried, count, all });
    for (const box of this.map.boxes) {
      const its = Number(box.dataset.room);
      box.classList.toggle("now", its === moments[this.now][0]);
      box.classList.toggle("chosen", its === room && at < 0);
    }
    bringIntoView(this.rows, this.list.children[Math.max(0, at)]);
    bringIntoView(this.picture, this.map.boxes.find((box) => Number(box.dataset.room) === room));
  }
}

// Within its own part: the page stays where it is.
function bringIntoView(part, node) {
  if (!node) return;
  const [room, place] = [part.getBoundingClientRect(), node.getBoundingClientRect()];
  if (place.top < room.top) part.scrollTop -= room.top - place.top + 8;
  else if (place.bottom > room.bottom) part.scrollTop += place.bottom - room.bottom + 8;
  if (place.left < room.left) part.scrollLeft -= room.left - place.left + 8;
  else if (place.right > room.right) part.scrollLeft += place.right - room.right + 8;
}

const render = playing(["scene", "at"], (model) => new Explorer(model.get("scene"), model.get("at")));

export default { render };
