// The contents beside the report follow the reader; the theme can be chosen.

const wideContents = matchMedia("(min-width: 72rem)");

function followContents() {
  const links = new Map([...document.querySelectorAll("nav.contents a")].map((link) => [link.hash.slice(1), link]));
  const headings = [...links.keys()].map((id) => document.getElementById(id)).filter(Boolean);
  let current = null;
  const update = () => {
    const passed = headings.filter((heading) => heading.getBoundingClientRect().top < 120);
    const now = links.get((passed.at(-1) || headings[0])?.id);
    if (now === current) return;
    current?.removeAttribute("aria-current");
    now?.setAttribute("aria-current", "true");
    // Above a narrow page the contents would take the reader to the top.
    if (wideContents.matches) now?.scrollIntoView({ block: "nearest" });
    current = now;
  };
  const observer = new IntersectionObserver(update, { rootMargin: "-110px 0px -60% 0px" });
  headings.forEach((heading) => observer.observe(heading));
}

/** Fold the contents on a narrow page, and unfold everything for paper. */
function foldAndUnfold() {
  const contents = document.querySelector("nav.contents details");
  const fit = () => { contents.open = wideContents.matches; };
  fit();
  wideContents.addEventListener("change", fit);
  addEventListener("beforeprint", () => document.querySelectorAll("main details").forEach((part) => { part.open = true; }));
}

/**
 * Lay out the report part by part while the networks write, as all of it at once would stop them.
 * Who asks for a place in it needs the heights of what is above.
 */
function layOutInParts() {
  const { classList } = document.documentElement;
  const anew = performance.getEntriesByType("navigation")[0]?.type === "navigate";
  if (!anew || (location.hash && !addressed())) return;
  classList.add("opening");
  addEventListener("click", ({ target }) => { if (target.closest?.("a[href^='#']")) classList.remove("opening"); }, true);
  addEventListener("DOMContentLoaded", () => {
    const parts = document.querySelectorAll(".part").values();
    inSlices(() => {
      const { value: part, done } = parts.next();
      if (done) classList.remove("opening");
      else part.classList.add("laid");
      part?.getBoundingClientRect();
      return !done;
    });
  });
}

/** Let the keyboard reach, and so scroll, what is wider than its box. */
function reachScrolling() {
  // A box has a size, and so is observed, when its part of the page is near and unfolded.
  const observer = new ResizeObserver((entries) => {
    const wider = entries.map(({ target }) => [target, target.scrollWidth > target.clientWidth]);
    for (const [box, scrolls] of wider) {
      if (scrolls) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  });
  const boxes = "main :is(.wide, pre, .samples tr, p:has(> .picture))";
  for (const box of document.querySelectorAll(boxes)) observer.observe(box);
}

/** Let the button switch between the themes; without a choice, the system's is used. */
function chooseTheme() {
  const button = document.getElementById("theme");
  const dark = () => (document.documentElement.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const label = () => { button.textContent = dark() ? "Light" : "Dark"; };
  button.hidden = false;
  button.addEventListener("click", () => {
    document.documentElement.dataset.theme = dark() ? "light" : "dark";
    label();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", label);
  label();
}
