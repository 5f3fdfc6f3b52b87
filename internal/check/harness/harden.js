// Makes the built-ins of a realm unchangeable, so that code which runs later cannot change what a test asks of them.
//
// The value of this script is a function (extra, soft, added, open):
//
//	extra  objects that are no property of the global object, to be hardened too
//	soft   names of properties that stay as they are, as "Math.random"
//	added  names of properties that may be added, as "Array.prototype.last"; they are there from now on, undefined
//	open   names of objects that may get any new property, as "Array.prototype"; what they have is hardened all the same.
//	       A last resort: with an accessor named 0 on Array.prototype, say, lists do not keep what is put into them
//
// What is left alone: the bindings of the global object itself (tests get theirs as parameters), console, performance.
// A property that honest code often defines again on objects of its own, such as toString or constructor, becomes a pair
// of get and set, for a read-only property cannot be shadowed by assignment.
((extra, soft, added, open) => {
  "use strict";
  const { getOwnPropertyDescriptor, defineProperty, getPrototypeOf, preventExtensions, hasOwn } = Object;
  const { ownKeys } = Reflect;
  const root = Object.prototype;
  const shadowed = new Set(["constructor", "toString", "toLocaleString", "valueOf", "name", "message", "toJSON"]);
  const alone = new Set([globalThis, globalThis.console, globalThis.performance]);
  const additions = added.map((name) => [name.slice(0, name.lastIndexOf(".")), name.slice(name.lastIndexOf(".") + 1)]);
  const softly = new Set(soft), wide = new Set(open), seen = new Set();

  // pair lets objects that inherit from owner have a property of the same name, as if this one were writable.
  const pair = (owner, key, { value, enumerable }) => defineProperty(owner, key, {
    get: () => value,
    set(to) {
      if (this === owner) throw new TypeError(`${String(key)} of a built-in cannot be changed here`);
      if (hasOwn(this, key)) this[key] = to;
      else defineProperty(this, key, { value: to, writable: true, enumerable: true, configurable: true });
    },
    enumerable, configurable: false,
  });

  const fix = (owner, key, d) => {
    if (!d.configurable && !d.writable) return;
    const inherited = owner === root || hasOwn(owner, "constructor");
    if ("value" in d && d.configurable && inherited && (owner === root || shadowed.has(key))) pair(owner, key, d);
    else if ("value" in d) defineProperty(owner, key, { writable: false, configurable: false });
    else defineProperty(owner, key, { configurable: false });
  };

  // What would change how any object at all is seen.
  const guarded = ["then", "toJSON", "inspect", Symbol.toStringTag, Symbol.isConcatSpreadable, Symbol.toPrimitive];

  const queue = [];
  const add = (value, path) => {
    if (value === null || typeof value !== "object" && typeof value !== "function") return;
    if (seen.has(value) || alone.has(value)) return;
    seen.add(value);
    queue.push([value, path]);
  };

  const harden = (owner, path) => {
    add(getPrototypeOf(owner), path + ".__proto__");
    for (const key of ownKeys(owner)) {
      const name = path + "." + String(key), d = getOwnPropertyDescriptor(owner, key);
      for (const part of [d.value, d.get, d.set]) add(part, name);
      if (!softly.has(name)) fix(owner, key, d);
    }
    for (const [of, key] of additions) {
      if (of === path && !hasOwn(owner, key)) defineProperty(owner, key, { value: undefined, writable: true, enumerable: false, configurable: true });
    }
    if (!wide.has(path)) preventExtensions(owner);
    else for (const key of guarded) if (!hasOwn(owner, key)) defineProperty(owner, key, { value: undefined, writable: false, configurable: false });
  };

  // Prototypes come by their own names before anything else leads to them.
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    const value = getOwnPropertyDescriptor(globalThis, name).value;
    add(value, name);
    if (typeof value === "function") add(value.prototype, name + ".prototype");
  }
  const hidden = [
    function* () {}, async function () {}, async function* () {}, (function* () {})(), (async function* () {})(),
    [][Symbol.iterator](), new Map().entries(), new Set().values(), ""[Symbol.iterator](), "".matchAll(/a/g),
    getPrototypeOf(Int8Array), [].values().map?.(String), globalThis.Iterator?.from({ next() {} }),
  ];
  for (const value of [...hidden, ...extra]) add(value, "hidden");
  for (let i = 0; i < queue.length; i++) harden(queue[i][0], queue[i][1]);

  // A learner's own eval or undefined would be the one that tests use.
  defineProperty(globalThis, "eval", { writable: false, configurable: false });
  return seen.size;
})
