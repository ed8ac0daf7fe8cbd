// What plays, steps and is stepped through: buttons, a slider, keys, a pace. It stands before the module of each widget.
// A widget extends Player: it says how many frames there are (length) and shows one (show).

const SVG = "http://www.w3.org/2000/svg";
const PACES = [["slow", 2000], ["steady", 800], ["quick", 150]];
const LOUD = 2000; // a screen reader is told each frame only if it has this long to say it (milliseconds)

const fill = (template, names) => template.replace(/\{(\w+)\}/g, (_, name) => names[name] ?? "");

// --- making elements ----------------------------------------------------------------------------------------------

function make(tag, attributes = {}, ...children) {
  return attach(document.createElement(tag), attributes, children);
}

function shape(tag, attributes = {}, ...children) {
  return attach(document.createElementNS(SVG, tag), attributes, children);
}

function attach(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const ICONS = {
  first: "M6 5v14M19 5l-9 7 9 7z",
  back: "M16 5l-9 7 9 7z",
  play: "M7 5l12 7-12 7z",
  pause: "M8 5v14M16 5v14",
  forward: "M8 5l9 7-9 7z",
  last: "M18 5v14M5 5l9 7-9 7z",
};

function button(name, label, act) {
  const icon = shape("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, shape("path", { d: ICONS[name] }));
  const node = make("button", { type: "button", "aria-label": label, title: label, "data-act": name }, icon);
  node.addEventListener("click", act);
  return node;
}

function buildPaces(labels, act) {
  const options = PACES.map(([name]) => Object.assign(make("option", { value: name }), { textContent: labels[name] }));
  const select = make("select", { "aria-label": labels.pace }, ...options);
  select.value = "steady";
  select.addEventListener("change", act);
  return select;
}

// --- playing ------------------------------------------------------------------------------------------------------

class Player {
  constructor(labels) {
    this.labels = labels;
    this.now = 0;
    this.timer = null;
    this.buttons = ["first", "back", "play", "forward", "last"].map((name) => button(name, labels[name], () => this[name]()));
    this.slider = make("input", { type: "range", min: 0, "aria-label": labels.slider });
    this.slider.addEventListener("input", () => this.go(Number(this.slider.value)));
    this.count = make("span", { class: "count" });
    this.paces = buildPaces(labels, () => this.timer && this.start());
    this.controls = make("div", { class: "controls", role: "group", "aria-label": labels.controls });
    this.controls.append(...this.buttons, this.slider, this.count, this.paces);
    this.says = make("p", { class: "sentence" });
    this.live = make("p", { class: "live", role: "status", "aria-live": "polite" });
  }

  // The element with all that is in it: from now on it takes keys.
  settle(node) {
    this.node = node;
    node.addEventListener("keydown", (event) => this.press(event));
    node.addEventListener("click", () => this.takeKeys());
  }

  first() { this.go(0); }
  back() { this.go(this.now - 1); }
  forward() { this.go(this.now + 1); }
  last() { this.go(this.length - 1); }
  play() { this.timer ? this.stop() : this.start(); }

  start() {
    this.stop();
    if (this.now === this.length - 1) this.show(0);
    const [, pace] = PACES.find(([name]) => name === this.paces.value);
    this.pace = pace;
    this.timer = setInterval(() => this.tick(), pace);
    this.markPlay();
  }

  tick() {
    if (this.now < this.length - 1) this.show(this.now + 1);
    if (this.now === this.length - 1 || !this.node.isConnected) this.stop();
  }

  stop() {
    clearInterval(this.timer);
    this.timer = null;
    this.markPlay();
  }

  markPlay() {
    const name = this.timer ? "pause" : "play";
    const [, , play] = this.buttons;
    play.setAttribute("aria-label", this.labels[name]);
    play.title = this.labels[name];
    play.querySelector("path").setAttribute("d", ICONS[name]);
  }

  go(number) {
    this.stop();
    this.show(Math.max(0, Math.min(number, this.length - 1)));
  }

  // Where we are, for the eye and for a screen reader: who, and what about them.
  say(who, sentence) {
    this.says.replaceChildren(make("strong", {}, who), ` ${sentence}`);
    this.says.title = sentence;
    this.slider.max = this.length - 1;
    this.slider.value = this.now;
    this.slider.setAttribute("aria-valuetext", `${this.now + 1} / ${this.length}, ${who}: ${sentence}`);
    this.count.textContent = `${this.now + 1} / ${this.length}`;
    if (!this.timer || this.pace >= LOUD) this.live.textContent = `${who}: ${sentence}`;
  }

  // A click on a picture or a text is for the player too: the keys that come next are.
  takeKeys() {
    if (!this.node.contains(document.activeElement)) this.slider.focus({ preventScroll: true });
  }

  keys() {
    return {
      ArrowLeft: () => this.back(), ArrowRight: () => this.forward(), Home: () => this.first(), End: () => this.last(),
      " ": () => this.play(),
    };
  }

  // The notebook has uses of its own for these keys: they end here.
  press(event) {
    const keys = this.keys();
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    event.stopPropagation();
    const own = event.target.closest("select") || (event.key === " " && event.target.closest("button, input[type=checkbox]"));
    if (own || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  }
}

// --- the widget ---------------------------------------------------------------------------------------------------

function rules(selector, colours) {
  const lines = Object.entries(colours).map(([name, colour]) => `--${name}: ${colour};`);
  return `${selector} { ${lines.join(" ")} }\n`;
}

function colours({ light, dark }) {
  const style = make("style");
  style.textContent = rules(".k8snet-player", light) + rules('[data-jp-theme-light="false"] .k8snet-player', dark);
  return style;
}

// Draw anew when one of the traits changes; what cannot be drawn says so in its place.
function playing(traits, build) {
  return ({ model, el }) => {
    let player;
    const draw = () => {
      try {
        player?.stop();
        player = build(model);
        el.replaceChildren(colours(model.get("scene").colours), player.node);
      } catch (error) {
        el.replaceChildren(make("p", { role: "alert", class: "k8snet-error" }, `k8snet: ${error.stack ?? error}`));
      }
    };
    draw();
    traits.forEach((trait) => model.on(`change:${trait}`, draw));
    return () => {
      player?.stop();
      traits.forEach((trait) => model.off(`change:${trait}`, draw));
    };
  };
}

