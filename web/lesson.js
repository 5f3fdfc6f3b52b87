// What makes reading a lesson easier and keeps nothing: questions that answer,
// buttons that copy, a table of contents that follows.

const one = (selector, inside = document) => inside.querySelector(selector);
const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];

// Questions. Without this script the answers stand under "Show the answers".

function question(field, changed) {
  const check = one("[data-check]", field), verdict = one("[data-verdict]", field);
  const words = one("template", field).content, answers = all(".answers > ul > li", field);
  const right = answers.map((answer) => "right" in answer.dataset);
  check.hidden = false;
  check.addEventListener("click", () => {
    const picked = all("input", field).map((input) => input.checked);
    const well = right.every((is, i) => is === picked[i]);
    const none = !picked.includes(true);
    field.dataset.state = none ? "" : well ? "right" : "wrong";
    const word = none ? "pick" : well ? "right" : "several" in field.dataset ? "part" : "wrong";
    verdict.replaceChildren(note(one(`[data-${word}]`, words), well, answers.filter((_, i) => picked[i])));
    changed();
  });
  field.addEventListener("change", () => { verdict.replaceChildren(); });
}

// note says what came out: the author's words where there are some, and for a
// right answer the tick before them.
function note(words, well, answers) {
  const box = document.createElement("div"), said = document.createElement("p"), text = document.createElement("div");
  const whys = answers.map((answer) => one("[data-why]", answer)).filter((why) => why.textContent.trim());
  box.className = well ? "note ok row" : "note";
  said.append(...words.cloneNode(true).childNodes);
  if (well) {
    const tick = one("svg", said), state = document.createElement("span");
    state.className = "state";
    state.append(tick);
    box.append(state);
    if (whys.length > 0) said.className = "sr";
  }
  text.append(said);
  for (const why of whys) text.append(...why.cloneNode(true).childNodes);
  box.append(text);
  return box;
}

for (const quiz of all("[data-quiz]")) {
  const fields = all("[data-question]", quiz), score = one("[data-score]", quiz);
  const count = () => {
    const right = fields.filter((field) => field.dataset.state === "right").length;
    const tried = fields.some((field) => field.dataset.state);
    const values = {right, all: fields.length, pass: quiz.dataset.pass};
    score.textContent = tried && fields.length > 1 ? quiz.dataset.says.replace(/\{(\w+)\}/g, (_, name) => values[name]) : "";
  };
  fields.forEach((field) => question(field, count));
}

// Copying.

for (const button of all("[data-copy]")) {
  const word = button.textContent;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(one("pre", button.parentElement).textContent);
      button.textContent = word + " ✓";
      setTimeout(() => { button.textContent = word; }, 2000);
    } catch { getSelection().selectAllChildren(one("pre", button.parentElement)); }
  });
}

// The table of contents marks the heading that is being read.

const links = all(".toc.wide a[href^='#']");
const heads = links.map((link) => document.getElementById(decodeURIComponent(link.hash.slice(1)))).filter(Boolean);
if (heads.length > 0 && "IntersectionObserver" in window) {
  const follow = () => {
    const above = heads.filter((head) => head.getBoundingClientRect().top < innerHeight / 3).at(-1);
    for (const link of links) {
      if (above && decodeURIComponent(link.hash.slice(1)) === above.id) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  };
  const watch = new IntersectionObserver(follow, {rootMargin: "0px 0px -60% 0px", threshold: [0, 1]});
  heads.forEach((head) => watch.observe(head));
  follow();
}
