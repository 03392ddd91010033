// The map of references: moving between neighbours by arrow keys, zoom, touch, one tag.
// A plain script, not a module: it also works from a folder (`file:`), where the papers are a script, too.

"use strict";

const section = document.querySelector("[data-map]");

/** More papers than this have titles only around the chosen one: titles cover each other, and are slow. */
const MANY = 60;

show().finally(() => {
  document.documentElement.dataset.ready = "";
});

async function show() {
  if (!section || !globalThis.cytoscape) return;
  if (globalThis.paperbotGraph) return draw(globalThis.paperbotGraph);
  const answer = await fetch(section.dataset.map);
  if (answer.ok) draw(await answer.json());
}

function draw({ papers, edges }) {
  const picture = section.querySelector("[data-map-picture]");
  const chosen = section.querySelector("[data-map-chosen]");
  section.hidden = false;
  const neighbours = new Map();
  for (const [from, to] of edges) {
    neighbours.set(from, (neighbours.get(from) ?? new Set()).add(to));
    neighbours.set(to, (neighbours.get(to) ?? new Set()).add(from));
  }
  const linked = [...neighbours.keys()];
  const isLarge = linked.length > 1000;
  const scale = 60 * Math.sqrt(linked.length + 4);
  const place = (at) => ({ x: papers[at][4] * scale * 1.5, y: papers[at][5] * scale });
  const map = cytoscape({
    container: picture,
    elements: linked.map((at) => ({
      data: { id: `${at}`, title: papers[at][0], degree: neighbours.get(at).size },
      position: place(at),
    })),
    style: style(linked.length),
    layout: { name: "preset", fit: true, padding: 24 },
    autoungrabify: true,
    boxSelectionEnabled: false,
    selectionType: "single",
    textureOnViewport: isLarge,
    pixelRatio: isLarge ? 1 : "auto",
    minZoom: 0.01,
    maxZoom: 4,
  });

  const lines = drawLines(map, picture, edges, place, isLarge);
  const shown = (nodes) => nodes.filter((node) => !node.hasClass("other"));
  const near = (node) =>
    map.collection([...neighbours.get(Number(node.id()))].map((at) => map.getElementById(`${at}`)));
  const choose = (node, follow = true) => {
    map.batch(() => {
      map.edges().remove();
      map.nodes(".chosen, .near").removeClass("chosen near");
      near(node).addClass("near");
      node.addClass("chosen");
      map.add(near(node).map((other) => ({ data: { source: node.id(), target: other.id() } })));
    });
    if (follow) {
      if (map.zoom() < 0.6) map.zoom(0.6);
      map.center(node);
    }
    const [title, address] = papers[node.id()];
    const link = document.createElement("a");
    link.href = address;
    link.textContent = title;
    const [before, after] = chosen.dataset.said
      .replace("{count}", shown(near(node)).length)
      .split("{title}");
    chosen.replaceChildren(before, link, after);
  };
  const current = () => map.nodes(".chosen");
  const most = () => shown(map.nodes()).max((node) => node.data("degree")).ele;
  const step = (dx, dy) => {
    const from = current();
    if (from.empty()) return most() && choose(most());
    const at = from.position();
    let best = null;
    shown(near(from)).forEach((node) => {
      const x = node.position().x - at.x;
      const y = node.position().y - at.y;
      const along = x * dx + y * dy;
      const cost = (x * x + y * y) / along;
      if (along > 0 && (!best || cost < best.cost)) best = { node, cost };
    });
    if (best) choose(best.node);
  };
  const zoom = (by) =>
    map.zoom({ level: map.zoom() * by, renderedPosition: { x: map.width() / 2, y: map.height() / 2 } });
  const fit = () => map.fit(shown(map.nodes()), 24);
  const keys = {
    ArrowLeft: () => step(-1, 0),
    ArrowRight: () => step(1, 0),
    ArrowUp: () => step(0, -1),
    ArrowDown: () => step(0, 1),
    Home: () => most() && choose(most()),
    Enter: () => current().nonempty() && location.assign(papers[current().id()][1]),
    "+": () => zoom(1.4),
    "=": () => zoom(1.4),
    "-": () => zoom(0.7),
    0: fit,
  };

  map.on("tap", "node", (event) => choose(event.target, false));
  picture.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in keys)) return;
    event.preventDefault();
    keys[event.key]();
  });
  for (const button of section.querySelectorAll("[data-map-zoom]"))
    button.addEventListener("click", () => zoom(Number(button.dataset.mapZoom)));
  section.querySelector("[data-map-fit]").addEventListener("click", fit);
  section.querySelector("[data-map-tag]").addEventListener("change", (event) => {
    const tag = event.target.value;
    map.batch(() =>
      map.nodes().forEach((node) => {
        node.toggleClass("other", Boolean(tag) && !papers[node.id()][3].includes(tag));
      }),
    );
    lines.show((at) => !tag || papers[at][3].includes(tag));
    if (shown(map.nodes()).nonempty()) fit();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    map.style(style(linked.length));
    lines.draw();
  });
  section.dataset.shown = linked.length;
}

/**
 * The references as one path below the papers: as elements of the library, thousands of them take most
 * of its time. It has only those of the chosen paper. In a large map they go while it moves.
 */
function drawLines(map, picture, edges, place, isLarge) {
  const canvas = document.createElement("canvas");
  canvas.className = "map-lines";
  picture.prepend(canvas);
  let path, waiting;
  const draw = () => {
    const ratio = isLarge ? 1 : devicePixelRatio;
    canvas.width = map.width() * ratio;
    canvas.height = map.height() * ratio;
    const pen = canvas.getContext("2d");
    const zoom = map.zoom() * ratio;
    pen.setTransform(zoom, 0, 0, zoom, map.pan().x * ratio, map.pan().y * ratio);
    // Thousands of lines in a clear colour would cover the papers.
    pen.lineWidth = isLarge ? 1.5 : Math.max(1.5, 1 / map.zoom());
    pen.strokeStyle = colour(isLarge ? "line" : "soft");
    pen.stroke(path);
    canvas.hidden = false;
  };
  const show = (isShown) => {
    path = new Path2D();
    for (const [from, to] of edges) {
      if (!isShown(from) || !isShown(to)) continue;
      const [start, end] = [place(from), place(to)];
      path.moveTo(start.x, start.y);
      path.lineTo(end.x, end.y);
    }
    draw();
  };
  map.on("viewport resize", () => {
    if (!isLarge) return draw();
    canvas.hidden = true;
    clearTimeout(waiting);
    waiting = setTimeout(draw, 150);
  });
  show(() => true);
  return { draw, show };
}

/** A colour of the page, also in the dark. */
function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function style(count) {
  return [
    {
      selector: "node",
      style: {
        width: "mapData(degree, 1, 20, 14, 48)",
        height: "mapData(degree, 1, 20, 14, 48)",
        "background-color": colour("accent"),
        label: count > MANY ? "" : "data(title)",
        color: colour("ink"),
        "font-size": 12,
        "min-zoomed-font-size": 9,
        "text-wrap": "ellipsis",
        "text-max-width": 160,
        "text-valign": "bottom",
        "text-margin-y": 4,
      },
    },
    {
      selector: "node.near",
      style: { "border-width": 3, "border-color": colour("mark"), label: "data(title)" },
    },
    { selector: "edge", style: { "line-color": colour("mark"), width: 3, "curve-style": "haystack" } },
    {
      selector: ".chosen",
      style: {
        "background-color": colour("mark"),
        label: "data(title)",
        "font-size": 16,
        "min-zoomed-font-size": 0,
        "z-index": 10,
      },
    },
    { selector: ".other", style: { opacity: 0.06, label: "" } },
  ];
}
