// The page: its data, its panels, and which of them the address names.

const PANELS = { write: openWrite, score: openScore, game: openGame, time: openTime, remember: openRemember, cell: openCell, train: openTrain };

class Page {
  constructor(data) {
    this.data = data;
    data.text = line(data.text);
    data.too_large = data.too_large.map(line);
    for (const entry of data.networks) {
      [entry.label, entry.made_by] = [line(entry.label), line(entry.made_by)];
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

/** Show one panel and hide the others; build it if this is its first time. */
function showPanel(page, name, settings = new URLSearchParams()) {
  for (const tab of document.querySelectorAll("[role=tab]")) {
    const own = tab.id === `tab-${name}`, panel = document.getElementById(tab.getAttribute("aria-controls"));
    tab.setAttribute("aria-selected", own);
    tab.tabIndex = own ? 0 : -1;
    if (!own && !panel.hidden) panel.panel?.hide?.();
    panel.hidden = !own;
    // Settings in an address start the panel anew.
    if (own && (!panel.panel || [...settings].length)) {
      panel.replaceChildren();
      panel.panel = PANELS[name](panel, page, settings) || {};
    }
  }
}

function startLive() {
  const page = new Page(JSON.parse(document.getElementById("live-data").textContent));
  const tabs = [...document.querySelectorAll("[role=tab]")];
  for (const tab of tabs) {
    const name = tab.id.slice(4);
    if (!PANELS[name]) { tab.remove(); continue; }
    tab.addEventListener("click", () => { showPanel(page, name); address(name, {}); });
    tab.addEventListener("keydown", ({ key }) => {
      const shown = tabs.filter(({ isConnected }) => isConnected), step = { ArrowRight: 1, ArrowLeft: -1 }[key];
      if (!step) return;
      const next = shown[(shown.indexOf(tab) + step + shown.length) % shown.length];
      next.focus();
      next.click();
    });
  }
  const open = () => {
    const asked = addressed();
    if (asked && PANELS[asked.panel]) {
      showPanel(page, asked.panel, asked.settings);
      document.getElementById("live").scrollIntoView();
    }
  };
  document.getElementById("live").hidden = false;
  document.getElementById("live-source").append(...sources(page.data));
  showPanel(page, "write", addressed()?.panel === "write" ? addressed().settings : undefined);
  if (addressed()?.panel !== "write") open();
  addEventListener("hashchange", open);
}

/** Return a table that says which stage, file and parameters made each network. */
function sources(data) {
  const head = ["network", "cell", "parameters", "bits per character on val", "with int8", "made by"];
  const rows = data.networks.map((entry) => [
    entry.label, entry.kind === "ngram" ? "counts" : `${entry.cell} ${entry.layers > 1 ? `${entry.layers} × ` : ""}${entry.hidden}`, entry.parameters.toLocaleString("en"),
    entry.val_bpc.toFixed(4), entry.int8_bpc?.toFixed(4) ?? "–", entry.made_by]);
  const body = el("tbody", {}, ...rows.map((row) => el("tr", {}, ...row.map((cell) => el("td", {}, cell)))));
  const left = data.too_large.length ? ` Too large for this page: ${data.too_large.join(", ")}.` : "";
  return [
    el("p", {}, `The weights are rounded to 8 bits with one scale per row, and both losses are of the same start of val (data/vocab).${left} Text: ${data.text}, split ${data.passage.split}.`),
    wideTable(head, body, { tabIndex: 0, role: "region", "aria-label": "Networks on this page" })];
}

chooseTheme();
foldAndUnfold();
followContents();
showValues();
if (document.getElementById("live-data")) startLive();
