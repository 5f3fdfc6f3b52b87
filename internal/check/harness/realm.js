// The realm of a check in QuickJS: what surrounds learners' code there, and the way that tests are called.
//
// It runs after vendor/assert.js, before anything else. The value of this script is a function of three functions that
// only it ever sees:
//
//	print(text)   a line for the learner's console
//	fail(text)    an assertion was not met; said to the outside before anything is thrown, so that catching the error
//	              does not undo it
//	skip(text)    milliseconds by which the clock moves on, for nobody waits for a timer
//
// and it answers { start, tick, share, harden }. Verdicts are not made here: the program outside calls start, looks at the
// promise it gets, and at what fail said.
((print, fail, skip) => {
  "use strict";
  const { assert: chai, AssertionError, helpers, FakeTimers } = globalThis.KeptAssert;
  delete globalThis.KeptAssert;
  const { apply, ownKeys } = Reflect;
  const { defineProperty, freeze, create } = Object;
  const text = String;
  const global = (name, value) => defineProperty(globalThis, name, { value, writable: true, enumerable: false, configurable: true });

  // --- assert -------------------------------------------------------------------------------------------------------

  const saying = (error) => {
    try { return text(error.message); } catch { return "an assertion was not met"; }
  };
  const guarded = (original) => (...args) => {
    try {
      return apply(original, undefined, args);
    } catch (error) {
      fail(saying(error));
      throw error;
    }
  };
  const assert = guarded(chai);
  for (const name of ownKeys(chai)) {
    if (typeof chai[name] === "function" && name !== "prototype") assert[name] = guarded(chai[name]);
  }
  assert.AssertionError = AssertionError;
  freeze(assert);

  // --- console ------------------------------------------------------------------------------------------------------

  const { isArray } = Array;
  const many = 100;
  const plain = (value, depth) => {
    switch (typeof value) {
      case "string": return depth === 0 ? value : JSON.stringify(value);
      case "function": return `[Function: ${text(value.name)}]`;
      case "bigint": return `${value}n`;
      case "object": break;
      default: return text(value);
    }
    if (value === null) return "null";
    if (value instanceof Error) return `${text(value.name)}: ${text(value.message)}`;
    if (value instanceof Date || value instanceof RegExp) return text(value);
    if (depth > 3) return isArray(value) ? "[…]" : "{…}";
    if (isArray(value)) return "[" + value.slice(0, many).map((one) => plain(one, depth + 1)).join(", ") + "]";
    if (value instanceof Map) return "Map " + plain([...value.entries()], depth + 1);
    if (value instanceof Set) return "Set " + plain([...value], depth + 1);
    const parts = Object.keys(value).slice(0, many).map((key) => `${key}: ${plain(value[key], depth + 1)}`);
    return parts.length > 0 ? `{ ${parts.join(", ")} }` : "{}";
  };
  const show = (value) => {
    try { return plain(value, 0); } catch { return "[?]"; }
  };
  const line = (...all) => { print(all.map(show).join(" ") + "\n"); };
  const silent = () => {};
  global("console", {
    log: line, info: line, warn: line, error: line, debug: line, trace: line, dir: line, table: line,
    assert: (ok, ...all) => { if (!ok) line("Assertion failed:", ...all); },
    clear: silent, group: line, groupEnd: silent, groupCollapsed: line, count: silent, countReset: silent,
    time: silent, timeEnd: silent, timeLog: silent,
  });

  // --- timers -------------------------------------------------------------------------------------------------------

  let timers = [], serial = 0, clock = 0;
  const later = (again) => (f, delay, ...args) => {
    const wait = Math.max(Number(delay) || 0, again ? 1 : 0);
    timers = [...timers, { id: ++serial, at: clock + wait, again: again ? wait : 0, f, args }];
    return serial;
  };
  const forget = (id) => { timers = timers.filter((one) => one.id !== id); };
  global("setTimeout", later(false));
  global("setInterval", later(true));
  global("setImmediate", (f, ...args) => setTimeout(f, 0, ...args));
  for (const name of ["clearTimeout", "clearInterval", "clearImmediate"]) global(name, forget);

  // tick runs the timer that is due next and tells whether there was one.
  const tick = () => {
    let next = null;
    for (const one of timers) if (next === null || one.at < next.at) next = one;
    if (next === null) return false;
    forget(next.id);
    if (next.at > clock) skip(text(next.at - clock));
    clock = Math.max(clock, next.at);
    if (next.again > 0) timers = [...timers, { ...next, at: clock + next.again }];
    try {
      if (typeof next.f === "function") apply(next.f, undefined, next.args);
    } catch (error) {
      line("Uncaught", error);
    }
    return true;
  };

  // --- what a worker in a browser has besides -------------------------------------------------------------------------

  global("self", globalThis);
  global("structuredClone", (value) => {
    const known = new Map();
    const copy = (one) => {
      if (typeof one === "function" || typeof one === "symbol") throw new TypeError("this cannot be cloned");
      if (typeof one !== "object" || one === null) return one;
      if (known.has(one)) return known.get(one);
      if (one instanceof Date) return new Date(one.getTime());
      if (one instanceof RegExp) return new RegExp(one.source, one.flags);
      const to = one instanceof Map ? new Map() : one instanceof Set ? new Set() : isArray(one) ? [] : {};
      known.set(one, to);
      if (to instanceof Map) for (const [key, value] of one) to.set(copy(key), copy(value));
      else if (to instanceof Set) for (const value of one) to.add(copy(value));
      else for (const key of Object.keys(one)) to[key] = copy(one[key]);
      return to;
    };
    return copy(value);
  });

  // QuickJS has no Intl. These say what a browser says in American English, at UTC.
  const months = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
  const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
  const method = (owner, name, value) => defineProperty(owner, name, { value, writable: true, enumerable: false, configurable: true });
  const two = (n) => text(n).padStart(2, "0");
  const dayText = (d, options = {}) => {
    const { weekday, year, month, day } = options;
    if (!weekday && !year && !month && !day) return `${d.getMonth() + 1}/${d.getDate()}/${d.getFullYear()}`;
    const y = year === "2-digit" ? two(d.getFullYear() % 100) : year && text(d.getFullYear());
    const dd = day === "2-digit" ? two(d.getDate()) : day && text(d.getDate());
    const w = weekday && (weekday === "long" ? days[d.getDay()] : days[d.getDay()].slice(0, 3));
    if (month === "numeric" || month === "2-digit") {
      const m = month === "2-digit" ? two(d.getMonth() + 1) : text(d.getMonth() + 1);
      return [w, [m, dd, y].filter(Boolean).join("/")].filter(Boolean).join(", ");
    }
    const m = month && (month === "long" ? months[d.getMonth()] : months[d.getMonth()].slice(0, 3));
    const md = [m, dd].filter(Boolean).join(" ");
    return [w, md && y && dd ? `${md}, ${y}` : [md, y].filter(Boolean).join(" ")].filter(Boolean).join(", ");
  };
  const timeText = (d, { hour12 = true, second = "2-digit" } = {}) => {
    const h = hour12 ? d.getHours() % 12 || 12 : two(d.getHours());
    return `${h}:${two(d.getMinutes())}${second ? ":" + two(d.getSeconds()) : ""}${hour12 ? (d.getHours() < 12 ? " AM" : " PM") : ""}`;
  };
  method(Date.prototype, "toLocaleDateString", function toLocaleDateString(_, options) { return dayText(this, options); });
  method(Date.prototype, "toLocaleTimeString", function toLocaleTimeString(_, options) {
    return options?.hour && !options.second ? timeText(this, { ...options, second: "" }) : timeText(this, options);
  });
  method(Date.prototype, "toLocaleString", function toLocaleString(_, options) {
    return options ? dayText(this, options) : `${dayText(this)}, ${timeText(this)}`;
  });
  method(Number.prototype, "toLocaleString", function toLocaleString(_, options = {}) {
    const value = Number(this);
    if (!Number.isFinite(value)) return text(value);
    const most = options.maximumFractionDigits ?? Math.max(options.minimumFractionDigits ?? 0, options.style === "currency" ? 2 : 3);
    const least = options.minimumFractionDigits ?? (options.style === "currency" ? 2 : 0);
    let [whole, part = ""] = Math.abs(value).toFixed(most).split(".");
    while (part.length > least && part.endsWith("0")) part = part.slice(0, -1);
    whole = whole.replace(/\B(?=(\d{3})+$)/g, ",");
    const sign = { USD: "$", EUR: "€", GBP: "£", JPY: "¥" }[options.currency] ?? "";
    return (value < 0 ? "-" : "") + (options.style === "currency" ? sign : "") + whole + (part ? "." + part : "");
  });

  // --- tests ----------------------------------------------------------------------------------------------------------

  const pins = create(null);
  for (const name of Object.getOwnPropertyNames(globalThis)) pins[name] = globalThis[name];
  freeze(pins);

  // start calls a test. All that decides comes as parameters, which no global of the learner can shadow.
  const start = (test, code, editable) => apply(test, undefined, [assert, code, editable, helpers, FakeTimers, pins]);
  const shared = { assert, __helpers: helpers };
  const share = (names, code) => {
    for (const name of names) defineProperty(globalThis, name, { value: name === "code" ? code : shared[name], writable: false, configurable: false });
  };
  return { start, tick, share, harden: (harden, soft, added, open) => harden([assert, chai, AssertionError, helpers, FakeTimers, pins], soft, added, open) };
})
