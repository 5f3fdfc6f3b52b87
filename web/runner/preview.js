// Tells the console beside the editor what a preview prints.
(() => {
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
