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
  const degrees = new Map();
  for (const at of edges.flat()) degrees.set(at, (degrees.get(at) ?? 0) + 1);
  const linked = new Set(degrees.keys());
  const scale = 60 * Math.sqrt(linked.size + 4);
  const map = cytoscape({
    container: picture,
    elements: [
      ...[...linked].map((at) => ({
        data: { id: `${at}`, title: papers[at][0], degree: degrees.get(at) },
        position: { x: papers[at][4] * scale * 1.5, y: papers[at][5] * scale },
      })),
      ...edges.map(([from, to]) => ({ data: { source: `${from}`, target: `${to}` } })),
    ],
    style: style(linked.size),
    layout: { name: "preset", fit: true, padding: 24 },
    autoungrabify: true,
    boxSelectionEnabled: false,
    selectionType: "single",
    hideEdgesOnViewport: linked.size > 1000,
    textureOnViewport: linked.size > 1000,
    pixelRatio: linked.size > 1000 ? 1 : "auto",
    minZoom: 0.01,
    maxZoom: 4,
  });

  const shown = (nodes) => nodes.filter((node) => !node.hasClass("other"));
  const choose = (node, follow = true) => {
    map.batch(() => {
      map.elements().removeClass("chosen near");
      node.closedNeighborhood().addClass("near");
      node.removeClass("near").addClass("chosen");
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
      .replace("{count}", shown(node.neighborhood("node")).length)
      .split("{title}");
    chosen.replaceChildren(before, link, after);
  };
  const current = () => map.nodes(".chosen");
  const most = () => shown(map.nodes()).max((node) => node.degree(false)).ele;
  const step = (dx, dy) => {
    const from = current();
    if (from.empty()) return most() && choose(most());
    const at = from.position();
    let best = null;
    shown(from.neighborhood("node")).forEach((node) => {
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
    if (shown(map.nodes()).nonempty()) fit();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => map.style(style(linked.size)));
  section.dataset.shown = linked.size;
}

/** The colours of the page, also in the dark. */
function style(count) {
  const colours = getComputedStyle(document.documentElement);
  const colour = (name) => colours.getPropertyValue(`--${name}`).trim();
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
      selector: "edge",
      style: {
        width: 1.5,
        "line-color": colour("line"),
        "curve-style": "haystack",
      },
    },
    {
      selector: "node.near",
      style: { "border-width": 3, "border-color": colour("mark"), label: "data(title)" },
    },
    { selector: "edge.near", style: { "line-color": colour("mark"), width: 3 } },
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
