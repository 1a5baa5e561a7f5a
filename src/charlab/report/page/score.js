// Score: bits per character of any text under each network.

const LONGEST_SCORED = 20000;
const SHOWN_SCORED = 3000;

function openScore(panel, page, settings) {
  const text = el("textarea", { rows: 5, maxLength: LONGEST_SCORED, value: (settings.get("text") ?? page.data.passage.text.slice(0, 600)).slice(0, LONGEST_SCORED) });
  const colored = options(page.data.networks.map(({ id, label }) => [id, label]), settings.get("net") ?? undefined, () => { remember(); run(); });
  const table = el("tbody"), status = el("p", { className: "status", role: "status" }), detail = el("div", { className: "detail" });
  let stop = null, current = null;
  const letters = new Letters("The text, colored by surprise", (item) => showLikeliest(detail, current.entry.label, item, current.vocabulary));
  panel.append(
    el("p", {}, `Paste any text. Below is a part of ${page.data.text} that no network was trained on (split ${page.data.passage.split}).`),
    field("Text", text), status,
    wideTable(["network", "bits per character", "letters", "loss on val"], table),
    field("Color by", colored), letters.element, surpriseLegend(), detail);

  function remember() {
    const short = text.value.slice(0, 600);
    address("score", { net: colored.value, ...(short === page.data.passage.text.slice(0, 600) ? {} : { text: short }) });
  }

  /** Score the text under every network, a few milliseconds at a time. */
  function run() {
    stop?.();
    table.replaceChildren();
    letters.clear();
    detail.replaceChildren();
    status.textContent = "";
    const jobs = page.data.networks.map(({ id }) => {
      const known = page.network(id), { ids, chars, missing } = known.vocabulary.encode(text.value);
      const value = el("td", { className: "number" }, ids.length ? "…" : "–");
      table.append(el("tr", {}, el("th", { scope: "row" }, known.entry.label), value,
        el("td", { className: "number" }, `${Math.max(ids.length - 1, 0)}${missing.length ? ` (left out: ${missing.slice(0, 8).map(named).join(" ")})` : ""}`),
        el("td", { className: "number" }, known.entry.val_bpc.toFixed(3))));
      return { ids, chars, value, at: 0, total: 0, reader: new Reader(known.network, known.vocabulary), known, colored: id === colored.value };
    });
    current = page.network(colored.value);
    stop = inSlices(() => {
      const job = jobs.find(({ at, ids }) => at < ids.length);
      if (!job) return false;
      const seen = job.reader.read(job.ids[job.at]);
      if (seen) job.total += seen.bits;
      if (job.colored && job.at < SHOWN_SCORED) {
        letters.add(job.chars[job.at], seen ? surpriseClass(seen.bits) : "prompt", { id: job.ids[job.at], ...seen });
      }
      job.at += 1;
      if (job.at === job.ids.length) job.value.textContent = job.at > 1 ? (job.total / (job.at - 1)).toFixed(3) : "–";
      return true;
    });
    if (text.value.length > SHOWN_SCORED) status.textContent = `All letters count; the first ${SHOWN_SCORED} are shown.`;
  }

  text.addEventListener("input", whenSettled(() => { remember(); run(); }));
  run();
  return { hide: () => stop?.(), remember };
}
