
const box = document.querySelector(".find");
const input = document.getElementById("find");
const list = document.getElementById("found");
const MOST = 40;
const entries = [...document.querySelectorAll("[data-find]")].map((element) => ({
  name: element.dataset.find, kind: element.dataset.kind, id: element.id, lower: element.dataset.find.toLowerCase(),
}));
let chosen = -1;

// Whole names first, then beginnings, then names of types before those of their fields; the shorter the better.
function rank({ lower }, text) {
  const last = lower.slice(lower.lastIndexOf(".") + 1);
  const fit = last === text ? 0 : last.startsWith(text) ? 1 : lower.startsWith(text) ? 2 : 3;
  return fit * 10000 + (lower.includes(".") ? 1000 : 0) + lower.length;
}

function search(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  const found = entries.filter(({ lower }) => words.every((word) => lower.includes(word)));
  return found.sort((one, other) => rank(one, words[0]) - rank(other, words[0])).slice(0, MOST);
}

function row({ name, kind, id }, number) {
  const item = document.createElement("li");
  const link = document.createElement("a");
  const word = document.createElement("span");
  Object.assign(item, { id: `found-${number}`, role: "option" });
  Object.assign(link, { href: `#${id}`, tabIndex: -1, textContent: name });
  word.textContent = kind;
  link.append(word);
  item.append(link);
  return item;
}

function choose(number) {
  const items = [...list.querySelectorAll("li")];
  chosen = items.length ? (number + items.length) % items.length : -1;
  items.forEach((item, each) => item.setAttribute("aria-selected", String(each === chosen)));
  items[chosen]?.scrollIntoView({ block: "nearest" });
  input.setAttribute("aria-activedescendant", items[chosen]?.id ?? "");
}

function show(open) {
  list.hidden = !open;
  input.setAttribute("aria-expanded", String(open));
}

function told(text) {
  const found = search(text);
  const none = document.createElement("p");
  none.textContent = "Nothing has that name.";
  list.replaceChildren(...(found.length ? found.map(row) : [none]));
  show(Boolean(text.trim()));
  choose(0);
}

input.addEventListener("input", () => told(input.value));
input.addEventListener("focus", () => input.value && told(input.value));
input.addEventListener("keydown", (event) => {
  const moves = { ArrowDown: 1, ArrowUp: -1 };
  if (event.key in moves) {
    choose(chosen + moves[event.key]);
    event.preventDefault();
  } else if (event.key === "Enter") {
    list.querySelector('[aria-selected="true"] a')?.click();
  } else if (event.key === "Escape") {
    show(false);
  }
});
list.addEventListener("click", () => { show(false); input.blur(); });
document.addEventListener("click", (event) => { if (!box.contains(event.target)) show(false); });
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.closest("input, textarea")) return;
  input.focus();
  input.select();
  event.preventDefault();
});
box.hidden = false;

// The contents follow what is being read.
const contents = document.querySelector("nav");
const links = new Map([...contents.querySelectorAll("a")].map((link) => [link.hash.slice(1), link]));
const seen = new IntersectionObserver((changes) => {
  const now = changes.filter((change) => change.isIntersecting).at(-1);
  if (!now || !links.has(now.target.id)) return;
  const link = links.get(now.target.id);
  contents.querySelector("a[aria-current]")?.removeAttribute("aria-current");
  link.setAttribute("aria-current", "true");
  if (link.closest("details")?.open) reveal(link);
}, { rootMargin: "-10% 0px -65% 0px" });

// Moves the contents alone: the page stays where its reader is.
function reveal(link) {
  const [inner, outer] = [link.getBoundingClientRect(), contents.getBoundingClientRect()];
  if (inner.top < outer.top) contents.scrollTop -= outer.top - inner.top + inner.height;
  if (inner.bottom > outer.bottom) contents.scrollTop += inner.bottom - outer.bottom + inner.height;
}
document.querySelectorAll("article[id]").forEach((article) => seen.observe(article));
