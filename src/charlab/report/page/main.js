// The page: its data, its panels, and which of them the address names.

const PANELS = { write: openWrite, score: openScore, game: openGame, time: openTime, remember: openRemember, cell: openCell, train: openTrain };

class Page {
  constructor(data) {
    this.data = data;
    data.text = line(data.text);
    data.too_large = data.too_large.map(line);
    for (const row of data.distances) row.label = line(row.label);
    for (const entry of data.networks) {
      [entry.label, entry.made_by] = [line(entry.label), line(entry.made_by)];
      if (entry.hidden && !/\bunits\b/.test(entry.label)) entry.label += `, ${entry.hidden} units`;
      entry.units ??= [];
      for (const unit of entry.units) unit.feature = line(unit.feature.replaceAll("_", " "));
    }
    this.vocabularies = data.vocabularies.map((entry) => new Vocabulary(entry));
    this.entries = new Map(data.networks.map((entry) => [entry.id, entry]));
    this.ready = new Map();
    /** The networks that have units and gradients. */
    this.recurrent = data.networks.filter(({ kind }) => kind !== "ngram");
  }

  /** Return a network and its vocabulary; weights are unpacked when they are first needed. */
  network(id) {
    const entry = this.entries.get(id) || this.data.networks[0];
    if (!this.ready.has(entry.id)) {
      const network = entry.kind === "ngram" ? new Ngram(entry) : new Network(entry);
      this.ready.set(entry.id, { entry, network, vocabulary: this.vocabularies[entry.vocabulary] });
    }
    return this.ready.get(entry.id);
  }
}

/** Show one panel and hide the others; build it if it is new, or anew if settings are given. */
function showPanel(page, name, settings = null) {
  for (const tab of document.querySelectorAll("[role=tab]")) {
    const own = tab.id === `tab-${name}`, panel = document.getElementById(tab.getAttribute("aria-controls"));
    tab.setAttribute("aria-selected", own);
    tab.tabIndex = own ? 0 : -1;
    if (!own && !panel.hidden) panel.panel?.hide?.();
    panel.hidden = !own;
    if (own && (!panel.panel || settings)) {
      panel.panel?.hide?.();
      panel.replaceChildren();
      panel.panel = PANELS[name](panel, page, settings ?? new URLSearchParams()) || {};
    }
  }
}

function startLive() {
  const page = new Page(JSON.parse(document.getElementById("live-data").textContent));
  const tabs = [...document.querySelectorAll("[role=tab]")];
  for (const tab of tabs) {
    const name = tab.id.slice(4);
    tab.addEventListener("click", () => openTab(page, name));
    tab.addEventListener("keydown", (event) => {
      const at = tabs.indexOf(tab), last = tabs.length - 1;
      const next = tabs[{ ArrowRight: at < last ? at + 1 : 0, ArrowLeft: at ? at - 1 : last, Home: 0, End: last }[event.key]];
      if (!next) return;
      event.preventDefault();
      next.focus();
      next.click();
    });
  }
  document.getElementById("live").hidden = false;
  document.getElementById("live-missing").textContent = missing(page.data);
  document.getElementById("live-source").append(...sources(page.data));
  if (!follow(page)) showPanel(page, "write");
  let claim = null;
  addEventListener("hashchange", () => {
    follow(page);
    // Back at the text: the widget may have another height than when the claim was left, and the
    // browser restores the old place a moment after this event.
    if (!location.hash) setTimeout(() => claim?.scrollIntoView({ block: "center" }), 200);
  });
  addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href^="#live/"]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    // At once: before the event of a new address comes, a widget that still writes may change it.
    event.preventDefault();
    claim = link;
    if (link.hash !== location.hash) history.pushState(null, "", link.hash);
    follow(page, true);
  });
}

/** Show the panel of a tab as the reader left it, as a new entry of the history. */
function openTab(page, name) {
  showPanel(page, name);
  address(name, {}, "push");
  document.getElementById(`panel-${name}`).panel.remember?.();
}

/** Set the widget that the address names; return whether it names one. */
function follow(page, again = false) {
  const asked = addressed(), known = asked && Object.hasOwn(PANELS, asked.panel);
  if (known) showPanel(page, asked.panel, asked.settings);
  // On the way back and forth the browser restores the place in the text.
  if (!known || (history.state === OWN_ENTRY && !again)) return known;
  history.replaceState(OWN_ENTRY, "", location.hash);
  const show = () => document.getElementById("live").scrollIntoView();
  show();
  // Before its end is read, the page may be too short to scroll as far.
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", show);
  document.getElementById(`panel-${asked.panel}`).focus({ preventScroll: true });
  return known;
}

/** Return a sentence on the networks that are not on the page. */
function missing({ too_large: names, networks }) {
  const instead = networks.some(({ id }) => id === "model") ? "" : `; ${networks[0].label} comes first in its place`;
  return names.length ? ` Not among them, being too large for a page: ${names.join(", ")}${instead}.` : "";
}

/** Return a table that says which stage, file and parameters made each network. */
function sources(data) {
  const head = ["network", "cell", "parameters", "bits per character on val", "with int8", "made by"];
  const rows = data.networks.map((entry) => [
    entry.label, entry.kind === "ngram" ? "counts" : `${entry.cell} ${entry.layers > 1 ? `${entry.layers} × ` : ""}${entry.hidden}`, entry.parameters.toLocaleString("en"),
    entry.val_bpc.toFixed(4), entry.int8_bpc?.toFixed(4) ?? "–", entry.made_by]);
  const body = el("tbody", {}, ...rows.map((row) => el("tr", {}, ...row.map((cell) => el("td", {}, cell)))));
  return [
    el("p", {}, `The weights are rounded to 8 bits with one scale per row, and both losses are of the same start of val (data/vocab). Text: ${data.text}, split ${data.passage.split}.`),
    wideTable(head, body, { role: "region", "aria-label": "Networks on this page" })];
}

// The contents and the widgets are above this script, the report is below it.
chooseTheme();
foldAndUnfold();
layOutInParts();
if (document.getElementById("live-data")) startLive();
addEventListener("DOMContentLoaded", () => {
  followContents();
  showValues();
  reachScrolling();
});
