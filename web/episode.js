// The player of an episode: speed, steps of 15 seconds, and times in the
// transcript that jump. The browser's own player works without it. Nothing is
// kept, here or elsewhere.

const audio = document.querySelector(".player audio"), more = document.querySelector("[data-player]");
const parts = [...document.querySelectorAll("[data-at]")];

more.hidden = false;
for (const button of more.querySelectorAll("[data-skip]")) {
  button.addEventListener("click", () => { audio.currentTime = Math.max(0, audio.currentTime + Number(button.dataset.skip)); });
}
const speed = more.querySelector("[data-speed]");
speed.addEventListener("change", () => { audio.playbackRate = audio.defaultPlaybackRate = Number(speed.value); });

for (const part of parts) {
  part.querySelector("a.at")?.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    audio.currentTime = Number(part.dataset.at);
    audio.play().catch(() => { audio.focus(); });
  });
}

// The part that is being said is marked.
audio.addEventListener("timeupdate", () => {
  const now = parts.filter((part) => Number(part.dataset.at) <= audio.currentTime).at(-1);
  for (const part of parts) part.toggleAttribute("data-now", part === now && !audio.paused);
});
