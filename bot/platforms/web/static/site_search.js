// The search of the static site. A plain script, not a module: it also works from a folder (`file:`).
// Query words are made as `bot/archive/domain/search` makes those of the index; a test compares both.

const paperbotSearch = (() => {
  "use strict";

  const RUN = /[\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff\uffa0-\uffdc]+|[\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u{20000}-\u{3ffff}]+|[\ue000-\uf8ff\u{f0000}-\u{10ffff}\0]+/gu;
  const PRIVATE = /^[\ue000-\uf8ff\u{f0000}-\u{10ffff}\0]/u;
  const HANGUL = /^[\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff\uffa0-\uffdc]+$/u;
  const SHAPELESS = /[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/gu;
  const PLAIN = {
    ł: "l", ø: "o", đ: "d", ð: "d", þ: "th", ß: "ss", æ: "ae", œ: "oe", ı: "i", ȷ: "j", ŋ: "ng",
    ħ: "h", ŧ: "t", Ł: "L", Ø: "O", Đ: "D", Ð: "D", Þ: "Th", ẞ: "SS", Æ: "AE", Œ: "OE", Ŋ: "Ng",
    Ħ: "H", Ŧ: "T",
  };
  const LETTER = /[\p{L}\p{N}\p{Co}]/u;
  const ACCENT = /[\u0300-\u036f]/;
  const LONGEST_WORD = 24, LONGEST_NAME = 8, MOST_VARIANTS = 16; // as in segment.py
  const PRIME = 65521;
  const AT_ONCE = 20;

  // Words

  function folded(text) {
    return text
      .replace(/[™℠]/g, " ")
      .replace(SHAPELESS, "")
      .replace(/[^\u3131-\u318e\ufdf0-\ufdfd]+/gu, (part) => part.normalize("NFKC"))
      .replace(/[\u00c0-\u024f\u1e00-\u1eff]/g, (letter) => {
        const [first, ...accents] = letter.normalize("NFD");
        return first in PLAIN ? PLAIN[first] + accents.join("") : letter;
      })
      .normalize("NFC");
  }

  // The index tells how the letters in it are spelled; of others, those with accents matter.
  function spelled(character) {
    if (facts !== null) {
      if (Object.hasOwn(facts.letters, character)) return facts.letters[character];
      if (facts.same.includes(character)) return character;
    }
    if (ACCENT.test(character)) return "";
    if (!LETTER.test(character)) return " ";
    const base = character.normalize("NFD")[0];
    if (/[a-z]/i.test(base)) return base.toLowerCase();
    const lower = character.toLowerCase();
    return [...lower].length === 1 ? lower : character;
  }

  // The words of a text; a run of Hangul, of Han or kana is one.
  function words(text) {
    const apart = folded(text).replace(RUN, (run) => (PRIVATE.test(run) ? " " : ` ${run} `));
    return [...apart].map(spelled).join("").split(" ").filter(Boolean);
  }

  function isRun(word) {
    RUN.lastIndex = 0;
    const found = RUN.exec(word);
    return found !== null && found.index === 0 && !PRIVATE.test(word);
  }

  // The ways to write a word in parts of two syllables or more.
  function* partings(run) {
    let ways = [[run]];
    for (let turn = 0; turn < MOST_VARIANTS; turn += 1) {
      ways = ways.flatMap((parts) => {
        const last = [...parts.at(-1)], longer = [];
        for (let at = 2; at <= last.length - 2; at += 1) {
          longer.push([...parts.slice(0, -1), last.slice(0, at).join(""), last.slice(at).join("")]);
        }
        return longer;
      }).slice(0, MOST_VARIANTS);
      yield* ways;
    }
  }

  function variantsOfWord(found) {
    const variants = [found];
    found.forEach((word, place) => {
      if (!HANGUL.test(word) || [...word].length > LONGEST_WORD) return;
      for (const parts of partings(word)) variants.push(found.toSpliced(place, 1, ...parts));
    });
    return variants.slice(0, MOST_VARIANTS);
  }

  function variantsOfName(found) {
    const whole = [...found.join("")];
    if (whole.length > LONGEST_NAME || !found.every((word) => HANGUL.test(word))) return [found];
    const variants = [found, [whole.join("")]];
    for (let at = 1; at < whole.length; at += 1) {
      variants.push([whole.slice(0, at).join(""), whole.slice(at).join("")]);
    }
    return variants;
  }

  // The query

  const TERM = /([-−－]*)([#＃]*)(?:([^\P{L}]+)[:：])?(?:["“”„＂]([^"“”„＂]*)["“”„＂]?|(\S*))/uy;
  const ELSEWHERE = new Set(["date", "before", "after", "cites", "similar", "entry", "in", "sort", "popular", "path"]);

  function slug(text) {
    const plain = text.replace(SHAPELESS, "").normalize("NFKC").trim().replace(/^#/, "").toLowerCase();
    return plain.replace(/[_-]/g, " ").split(/\s+/).filter(Boolean).join("-");
  }

  // What an arXiv id, or an address that leads to one, looks like: as `parse_arxiv_id` reads it.
  const HOST = String.raw`(?:https?://)?(?:[a-z0-9-]+\.)*`;
  const PAGE = "(?:abs|pdf|html|format|ps|src|e-print|overview|bibtex)";
  const LEADS = [
    String.raw`${HOST}(?:arxiv|alphaxiv|ar5iv)\.org/{1,2}${PAGE}/{1,2}(?:arxiv:)?`,
    String.raw`${HOST}(?:ar5iv\.org|huggingface\.co/papers|hf\.co/papers)/`,
    String.raw`(?:https?://(?:dx\.|www\.)?doi\.org/|doi:)?10\.48550/arxiv\.`,
    "arxiv:",
  ];
  const NUMBER = String.raw`(?:(\d{4}\.\d{4,5})|([a-z]+(?:-[a-z]+)?)(?:\.[a-z-]+)?/(\d{7}))`;
  const BEHIND = String.raw`(?:v\d+)?(?:\.pdf)?/?(?:[?#]\S*)?[.,;)>']*`;
  const PAPER = new RegExp(`^[<']*(?:${LEADS.join("|")})?${NUMBER}${BEHIND}$`, "i");

  // The number in the index, without version and subject class, or "".
  function paperNumber(text) {
    const [, number, archive, serial] = PAPER.exec(text) ?? [];
    return number ?? (archive ? `${archive.toLowerCase()}/${serial}` : "");
  }

  // Terms `{ negated, variants, field, keys }`: one of the variants (lists of words) must stand in
  // the field, or an entry must have one of the keys.
  function parse(query) {
    const terms = [], unknown = [];
    const text = query.slice(0, 500).normalize("NFC");
    for (let at = 0; at < text.length; ) {
      if (/\s/.test(text[at])) { at += 1; continue; }
      TERM.lastIndex = at;
      const [all, minus, sharp, name = "", quoted, bare = ""] = TERM.exec(text);
      at += Math.max(all.length, 1);
      const negated = minus !== "", field = name.toLowerCase(), value = quoted ?? bare;
      if (sharp || (field === "tag" && value)) {
        const key = slug((sharp && name ? `${name}:${value}` : value).replace(/[#＃,;]/g, " ").replace(/[. ]+$/, ""));
        if (key) terms.push({ negated, variants: [], keys: [`#${key}`] });
      } else if (ELSEWHERE.has(field)) {
        unknown.push(`${field}:`);
      } else if (field === "author") {
        const [last, first = ""] = value.split(",");
        const found = words(`${first} ${last}`);
        if (found.length) terms.push({ negated, variants: variantsOfName(found), field: 2, keys: [] });
      } else {
        const found = words(name ? `${name} ${value}` : value);
        if (!found.length) continue;
        const number = quoted === undefined ? paperNumber(all.slice(minus.length)) : "";
        const isPhrase = quoted !== undefined || name !== "";
        terms.push({
          negated,
          variants: isPhrase ? [found] : variantsOfWord(found),
          keys: number ? [`=${number}`] : [],
          word: negated || quoted !== undefined ? undefined : slug(name ? `${name} ${value}` : value),
        });
      }
    }
    // The only word is also looked for as a tag.
    const only = terms.filter((term) => term.word !== undefined);
    if (only.length === 1) only[0].keys.push(`#${only[0].word}`);
    return { terms, unknown };
  }

  // The index

  const taken = new Map(), waiting = new Map();
  let root = "", facts = null;

  function take(name, value) {
    taken.set(name, value);
  }

  function load(name) {
    if (taken.has(name)) return Promise.resolve(taken.get(name));
    if (!waiting.has(name)) {
      waiting.set(name, new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = `${root}${name || "index"}.js`;
        script.onload = () => (taken.has(name) ? resolve(taken.get(name)) : reject(new Error(name)));
        script.onerror = () => { waiting.delete(name); reject(new Error(name)); };
        document.head.append(script);
      }));
    }
    return waiting.get(name);
  }

  function shardOf(key) {
    let number = 0;
    for (const character of isRun(key) ? [[...key][0]] : key) {
      number = (number * 31 + character.codePointAt(0)) % PRIME;
    }
    return number % facts.shards;
  }

  async function entriesOf(key, isPrefix) {
    const shard = await load(`words/${shardOf(key)}`);
    const found = new Map();
    const names = isPrefix ? Object.keys(shard).filter((name) => name.startsWith(key)) : [key];
    for (const name of names) {
      for (const each of Object.hasOwn(shard, name) ? shard[name] : []) {
        found.set(each >> 1, found.get(each >> 1) || (each & 1) === 1);
      }
    }
    return found;
  }

  function keysOf(variant) {
    return variant.flatMap((word, place) => {
      const letters = [...word];
      if (!isRun(word)) return [[word, false]];
      if (letters.length === 1) return [[word, place === variant.length - 1]];
      return letters.slice(1).map((letter, at) => [letters[at] + letter, false]);
    });
  }

  // The entries that may match: the number of each, and whether it surely does and has it in its title.
  async function candidates(term) {
    const found = new Map();
    const add = (entry, sure, titled) => {
      const before = found.get(entry);
      found.set(entry, { sure: sure || before?.sure || false, titled: titled || before?.titled || false });
    };
    for (const key of term.keys) {
      for (const entry of (await entriesOf(key, false)).keys()) add(entry, true, false);
    }
    for (const variant of term.variants) {
      const keys = keysOf(variant);
      const each = await Promise.all(keys.map(([key, isPrefix]) => entriesOf(key, isPrefix)));
      each.sort((one, other) => one.size - other.size);
      const sure = keys.length === 1 && term.field === undefined;
      for (const entry of each[0].keys()) {
        if (each.every((those) => those.has(entry))) {
          add(entry, sure, each.every((those) => those.get(entry)));
        }
      }
    }
    return found;
  }

  async function matches(entry, term) {
    const text = (await load(`texts/${Math.floor(entry / facts.texts)}`))[entry % facts.texts];
    const fields = text.split("\n");
    const looked = term.field === undefined ? fields : [fields[term.field]];
    return term.variants.some((variant) => {
      const start = isRun(variant[0]) ? "" : " ", end = isRun(variant.at(-1)) ? "" : " ";
      const phrase = start + variant.join(" ") + end;
      return looked.some((field) => ` ${field} `.includes(phrase));
    });
  }

  // Yields the numbers of the entries that match: those with the words in the title first, then the newest.
  async function* find(query) {
    facts = await load("");
    const { terms } = parse(query);
    const judged = await Promise.all(terms.map(candidates));
    const wanted = terms.map((term, at) => ({ term, found: judged[at] }));
    const needed = wanted.filter(({ term }) => !term.negated);
    const unwanted = wanted.filter(({ term }) => term.negated);
    if (!terms.length) return;
    const all = needed.length ? [...needed[0].found.keys()] : [...Array(facts.entries).keys()];
    const left = all
      .filter((entry) => needed.every(({ found }) => found.has(entry)))
      .filter((entry) => !unwanted.some(({ found }) => found.get(entry)?.sure));
    const titled = (entry) => needed.length > 0 && needed.every(({ found }) => found.get(entry).titled);
    left.sort((one, other) => titled(other) - titled(one) || other - one);
    for (const entry of left) {
      const holds = async ({ term, found }) =>
        found.has(entry) && (found.get(entry).sure || (await matches(entry, term)));
      let kept = true;
      for (const each of needed) kept = kept && (await holds(each));
      for (const each of unwanted) kept = kept && !(await holds(each));
      if (kept) yield entry;
    }
  }

  async function card(entry) {
    return (await load(`cards/${Math.floor(entry / facts.cards)}`))[entry % facts.cards];
  }

  // The page

  function element(name, attributes, ...children) {
    const made = Object.assign(document.createElement(name), attributes);
    made.append(...children);
    return made;
  }

  function shown([path, title, day, tags, gists], pages, language) {
    const link = element("a", { href: pages + path.split("/").map(encodeURIComponent).join("/") }, title);
    const parts = [element("h3", { dir: "auto" }, link)];
    if (day) {
      const format = new Intl.DateTimeFormat(language, { dateStyle: "full", timeZone: "UTC" });
      parts.push(element("p", { className: "quiet" }, format.format(new Date(`${day}T00:00:00Z`))));
    }
    const own = gists[language] ? language : Object.keys(gists).find((each) => gists[each]);
    if (own) parts.push(element("p", { className: "gist", lang: own, dir: "auto" }, gists[own]));
    if (tags.length) parts.push(element("p", { className: "quiet" }, tags.map((tag) => `#${tag}`).join(" ")));
    return element("article", { className: "paper card" }, ...parts);
  }

  async function start(form) {
    root = form.dataset.index;
    form.hidden = false;
    const place = document.getElementById("found");
    const heading = place.querySelector("h2 span"), list = place.querySelector("div");
    const more = place.querySelector("button"), say = place.dataset;
    document.addEventListener("keydown", (event) => {
      if (event.key !== "/" || event.isComposing || event.metaKey || event.ctrlKey || event.altKey) return;
      if (event.target.closest("input, textarea")) return;
      event.preventDefault();
      form.elements.q.focus();
    });
    const asked = (new URLSearchParams(location.search).get("q") ?? "").trim();
    form.elements.q.value = asked;
    document.documentElement.dataset.ready = "";
    if (!asked) return;
    place.hidden = false;
    const { unknown } = parse(asked);
    if (unknown.length) {
      heading.textContent = say.unknown.replace("{name}", () => unknown[0]);
      return;
    }
    const found = find(asked);
    let count = 0, ended = false;
    const next = async () => {
      more.disabled = true;
      try {
        for (let turn = 0; turn < AT_ONCE && !ended; turn += 1) {
          const { value, done } = await found.next();
          ended = done;
          if (done) break;
          list.append(shown(await card(value), form.dataset.pages, document.documentElement.lang));
          count += 1;
        }
        heading.textContent = count ? (ended ? say.found : say.shown).replace("{count}", count) : say.nothing.replace("{asked}", () => asked);
        more.hidden = ended;
        more.disabled = false;
      } catch {
        heading.textContent = say.failed;
      }
    };
    more.addEventListener("click", next);
    await next();
  }

  const form = document.querySelector("[data-site-search]");
  if (form) start(form);
  return { take, words, find, parse, card };
})();
