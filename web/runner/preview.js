// Tells the console beside the editor what a preview prints, and shows the course's pictures, which the frame is handed
// over, for it may load nothing. frame.js puts a line before this: const KEPT_PICTURES = {name: data: address}.
(() => {
  const pictures = new Map(Object.entries(KEPT_PICTURES)), bare = (name) => name.replace(/^\.\//, "");
  const show = (image) => {
    const found = pictures.get(bare(image.getAttribute("src") ?? ""));
    if (found) image.src = found;
  };
  new MutationObserver((changes) => {
    for (const { type, target, addedNodes } of changes) {
      if (type === "attributes" && target.matches("img")) show(target);
      for (const node of addedNodes) if (node.nodeType === 1) [node, ...node.querySelectorAll("img")].filter((one) => one.matches("img")).forEach(show);
    }
  }).observe(document, { subtree: true, childList: true, attributeFilter: ["src"] });
  const refused = new Set(), folder = document.baseURI.replace(/[^/]*$/, "");
  addEventListener("securitypolicyviolation", ({ blockedURI, effectiveDirective: kind }) => {
    const address = blockedURI.startsWith(folder) ? blockedURI.slice(folder.length) : blockedURI;
    if (!/^(img|media|font|style|script)-src/.test(kind) || /^(data|blob|inline|eval)\b/.test(address) || pictures.has(address) || refused.has(address) || refused.size >= 20) return;
    refused.add(address);
    log("warn", ["Not shown here: " + address + ". A preview shows what stands in your files, and pictures of this course. It asks no other site for anything."]);
  });
  let port = null, lines = 0;
  const early = [];
  const shown = (it) => {
    if (typeof it === "string") return it;
    try { return it instanceof Error ? `${it.name}: ${it.message}` : typeof it === "object" ? JSON.stringify(it) ?? String(it) : String(it); } catch { return "(something that has no words)"; }
  };
  const log = (level, args) => {
    if (++lines > 200) return;
    const message = { level, text: lines === 200 ? "More was printed than is shown here." : args.map(shown).join(" ").slice(0, 4096) };
    if (port) port.postMessage(message);
    else early.push(message);
  };
  for (const level of ["log", "info", "warn", "error", "debug", "trace"]) console[level] = (...args) => log(level, args);
  addEventListener("error", (event) => log("error", [event.message || "Something of the page did not load."]));
  addEventListener("unhandledrejection", (event) => log("error", [event.reason]));
  addEventListener("message", (event) => {
    if (port || event.source !== parent) return;
    port = event.ports[0];
    early.splice(0).forEach((message) => port.postMessage(message));
  });
})();
