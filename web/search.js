// Search: "/" goes to the field, and while one types, places are offered below
// it. Arrows choose among them, Enter opens one, Escape closes the list. What
// is typed is sent to this site and kept nowhere, here or there.

const form = document.querySelector("[data-search]");
const field = form?.querySelector("input[type=search]");
const count = form?.querySelector("[data-count]");
const wait = 90; // milliseconds after the last key

addEventListener("keydown", (event) => {
  const busy = event.target.closest?.("input, textarea, select, [contenteditable=true]");
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || busy || !field) return;
  event.preventDefault();
  field.focus();
  field.select();
});

if (form && field) offer();

function offer() {
  const list = document.createElement("ul");
  list.id = "offered";
  list.className = "offered plain";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", form.querySelector("label").textContent);
  field.after(list);
  for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-controls": list.id, "aria-expanded": "false" })) field.setAttribute(name, value);

  let at = -1, timer = 0, asked = null;

  const choose = (n) => {
    at = n;
    [...list.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === at)));
    const item = list.children[at];
    if (item) field.setAttribute("aria-activedescendant", item.id);
    else field.removeAttribute("aria-activedescendant");
    item?.scrollIntoView({ block: "nearest" });
  };

  const close = () => {
    asked?.abort();
    clearTimeout(timer);
    list.hidden = true;
    field.setAttribute("aria-expanded", "false");
    choose(-1);
  };

  const show = (places) => {
    list.replaceChildren(...places.map(row));
    list.hidden = places.length === 0;
    field.setAttribute("aria-expanded", String(places.length > 0));
    count.textContent = form.dataset.says.replace("{n}", places.length);
    choose(-1);
  };

  const ask = async () => {
    asked?.abort();
    asked = new AbortController();
    try {
      const answer = await fetch("/search/suggest?" + new URLSearchParams(new FormData(form)), { signal: asked.signal });
      if (answer.ok && document.activeElement === field) show((await answer.json()).places);
    } catch { /* a newer question, or no connection: the button still works */ }
  };

  field.addEventListener("input", () => {
    clearTimeout(timer);
    if (field.value.trim() === "") close();
    else timer = setTimeout(ask, wait);
  });
  field.addEventListener("keydown", (event) => {
    const n = list.children.length;
    if (event.key === "Escape" && !list.hidden) { event.preventDefault(); close(); }
    if (list.hidden || n === 0) return;
    if (event.key === "ArrowDown") { event.preventDefault(); choose((at + 1) % n); }
    if (event.key === "ArrowUp") { event.preventDefault(); choose(at <= 0 ? n - 1 : at - 1); }
    if (event.key === "Enter" && at >= 0) { event.preventDefault(); location.assign(list.children[at].dataset.path); }
  });
  // A press on the list must not take the field's focus before the click.
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const item = event.target.closest("li");
    if (item) location.assign(item.dataset.path);
  });
  field.addEventListener("blur", close);
  form.addEventListener("submit", close);
}

function row(place, i) {
  const item = document.createElement("li");
  item.id = "offered-" + i;
  item.setAttribute("role", "option");
  item.setAttribute("aria-selected", "false");
  item.dataset.path = place.path;
  const title = document.createElement("b");
  title.textContent = place.title;
  if (place.lang) title.lang = place.lang;
  const where = document.createElement("span");
  where.className = "soft small";
  where.textContent = [place.kind, place.within].filter(Boolean).join(" · ");
  item.append(title, " ", where);
  return item;
}
