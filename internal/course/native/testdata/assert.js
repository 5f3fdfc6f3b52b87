// The part of chai's assert that lessons may use, for checking our own courses
// in Go tests. Written for this project.
globalThis.console = { log() {} };
globalThis.assert = (() => {
  const show = (v) => typeof v === "string" ? JSON.stringify(v) : typeof v === "object" ? JSON.stringify(v) : String(v);
  const fail = (what, message) => { throw new Error(message ? message + ": " + what : what); };
  const same = (a, b) => {
    if (Object.is(a, b)) return true;
    if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
    if (Array.isArray(a) !== Array.isArray(b)) return false;
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length && keys.every((k) => Object.hasOwn(b, k) && same(a[k], b[k]));
  };
  const assert = (value, message) => { if (!value) fail("expected " + show(value) + " to be true", message); };
  const check = (ok, words) => (value, message) => { if (!ok(value)) fail("expected " + show(value) + " " + words, message); };
  const pair = (ok, words) => (a, b, message) => { if (!ok(a, b)) fail("expected " + show(a) + " " + words + " " + show(b), message); };
  assert.isTrue = check((v) => v === true, "to be true");
  assert.isFalse = check((v) => v === false, "to be false");
  assert.isOk = check((v) => Boolean(v), "to be truthy");
  assert.isDefined = check((v) => v !== undefined, "to be defined");
  assert.isUndefined = check((v) => v === undefined, "to be undefined");
  assert.isFunction = check((v) => typeof v === "function", "to be a function");
  assert.isNumber = check((v) => typeof v === "number", "to be a number");
  assert.isString = check((v) => typeof v === "string", "to be a string");
  assert.isArray = check((v) => Array.isArray(v), "to be an array");
  assert.equal = pair((a, b) => a == b, "to equal");
  assert.notEqual = pair((a, b) => a != b, "not to equal");
  assert.strictEqual = pair((a, b) => a === b, "to equal");
  assert.notStrictEqual = pair((a, b) => a !== b, "not to equal");
  assert.deepEqual = pair(same, "to equal");
  assert.notDeepEqual = pair((a, b) => !same(a, b), "not to equal");
  assert.isAbove = pair((a, b) => a > b, "to be above");
  assert.isBelow = pair((a, b) => a < b, "to be below");
  assert.isAtLeast = pair((a, b) => a >= b, "to be at least");
  assert.isAtMost = pair((a, b) => a <= b, "to be at most");
  assert.lengthOf = pair((a, b) => a.length === b, "to have the length");
  assert.include = pair((a, b) => a.includes(b), "to include");
  assert.notInclude = pair((a, b) => !a.includes(b), "not to include");
  assert.property = pair((a, b) => b in a, "to have the property");
  assert.match = (text, pattern, message) => { if (!pattern.test(text)) fail("expected " + show(text) + " to match " + pattern, message); };
  assert.notMatch = (text, pattern, message) => { if (pattern.test(text)) fail("expected " + show(text) + " not to match " + pattern, message); };
  assert.closeTo = (a, b, delta, message) => { if (!(Math.abs(a - b) <= delta)) fail("expected " + show(a) + " to be close to " + show(b), message); };
  assert.throws = (f, message) => { try { f(); } catch { return; } fail("expected an error", message); };
  return Object.freeze(assert);
})();
