// Makes CSS of the part of Sass (SCSS) that lessons teach: variables, nesting, mixins, functions, @extend, @if, @for, @each,
// @while, interpolation and arithmetic. It runs in the frame, never where the learner's code runs. Colours are not
// calculated with, and modules are not loaded: such lines stay as they are, and the browser leaves them out.
"use strict";

const KeptSass = (() => {
  const mostSteps = 20000; // rules, declarations and turns of loops together, so that a loop without end has one

  const uncommented = (text) => text.replace(/\/\*[\s\S]*?\*\/|<!--|-->/g, "").replace(/(^|[^:"'(])\/\/[^\n]*/g, "$1");

  // blocksOf reads text as [{head, body}]; what ends with a semicolon has no body.
  function blocksOf(text) {
    const marks = /"[^"\n]*"|'[^'\n]*'|#\{[^}]*\}|[^"'#(){};]+|[\s\S]/g;
    const read = (top) => {
      const all = [];
      let head = "", deep = 0, mark;
      const close = () => { if (head.trim()) all.push({ head: head.trim() }); head = ""; };
      while ((mark = marks.exec(text)?.[0]) !== undefined) {
        if (mark === "(") deep++;
        if (mark === ")") deep--;
        if (deep > 0 || !/^[{};]$/.test(mark)) { head += mark; continue; }
        if (mark === "{") { const of = head.trim(); head = ""; all.push({ head: of, body: read(false) }); continue; }
        close();
        if (mark === "}" && !top) return all;
      }
      if (!top) throw new Error("Sass: a } is missing.");
      close();
      return all;
    };
    return read(true);
  }

  // VALUES are {n, unit}, texts, {list, by} and {map}.
  const isNumber = (it) => typeof it === "object" && "n" in it;
  function css(it) {
    if (typeof it === "string") return it;
    if (isNumber(it)) return String(Math.round(it.n * 1e5) / 1e5) + it.unit;
    if (it.list) return it.list.map(css).join(it.by);
    return "(" + it.map.map(([key, value]) => css(key) + ": " + css(value)).join(", ") + ")";
  }
  const bare = (it) => css(it).replace(/^(["'])(.*)\1$/, "$2");
  const truthy = (it) => it !== "false" && it !== "null";
  const asList = (it) => it.map?.map((pair) => ({ list: pair, by: " " })) ?? it.list ?? [it];

  const own = {
    "map-get": (of, key) => of.map?.find(([name]) => bare(name) === bare(key))?.[1] ?? "null",
    "map.get": (...given) => own["map-get"](...given),
    nth: (of, at) => asList(of)[at.n > 0 ? at.n - 1 : asList(of).length + at.n] ?? "null",
    length: (of) => ({ n: asList(of).length, unit: "" }),
    percentage: (of) => ({ n: of.n * 100, unit: "%" }),
    unquote: (of) => bare(of), quote: (of) => JSON.stringify(bare(of)),
    if: (test, yes, no) => (truthy(test) ? yes : no),
    "math.div": (a, b) => worked("/", a, b),
  };
  for (const name of ["round", "ceil", "floor", "abs"]) own[name] = own["math." + name] = (of) => ({ n: Math[name](of.n), unit: of.unit });

  function worked(sign, a, b) {
    const same = css(a) === css(b) || bare(a) === bare(b);
    if (sign === "==" || sign === "!=") return String(same === (sign === "=="));
    if (!isNumber(a) || !isNumber(b)) return sign === "+" ? bare(a) + bare(b) : css(a) + " " + sign + " " + css(b);
    const unit = sign === "/" && a.unit === b.unit ? "" : a.unit || b.unit;
    switch (sign) {
      case "+": return { n: a.n + b.n, unit };
      case "-": return { n: a.n - b.n, unit };
      case "*": return { n: a.n * b.n, unit };
      case "/": return { n: a.n / b.n, unit };
      case "%": return { n: a.n % b.n, unit };
      case "<": return String(a.n < b.n);
      case ">": return String(a.n > b.n);
      case "<=": return String(a.n <= b.n);
    }
    return String(a.n >= b.n);
  }

  const tokenForm = /(\s*)(\$[\w-]+|#\{[^}]*\}[\w-]*|"[^"]*"|'[^']*'|(?:url|calc|var|min|max|clamp)\((?:[^()]|\([^()]*\))*\)|\d*\.?\d+(?:%|[a-zA-Z]+)?|#[\da-fA-F]+|[a-zA-Z_-]*[a-zA-Z_][\w.-]*(?:#\{[^}]*\}[\w-]*)*\(?|[=!<>]=|[^\s])/g;
  const ranks = [["or"], ["and"], ["==", "!="], ["<", ">", "<=", ">="], ["+", "-"], ["*", "/", "%"]];

  class Sheet {
    out = []; mixins = new Map(); functions = new Map(); extended = []; steps = 0; scopes = [new Map()];

    step() { if (++this.steps > mostSteps) throw new Error("Sass: this does not come to an end."); }
    find(name) { return this.scopes.findLast((scope) => scope.has(name)); }
    get(name) {
      const scope = this.find(name);
      if (!scope) throw new Error("Sass: there is no variable " + name + ".");
      return scope.get(name);
    }
    within(names, run) {
      this.scopes.push(new Map(names));
      try { return run(); } finally { this.scopes.pop(); }
    }
    filled(text) { return text.replace(/#\{([^}]*)\}/g, (_, inner) => bare(this.value(inner))); }

    // value reads an expression. A slash divides only where something is calculated, as it does in Sass.
    value(text) {
      const tokens = [...text.matchAll(tokenForm)].map(([, space, it], i) => ({ it, spaced: space !== "" && i > 0 }));
      const divides = /[$(*+]/.test(text);
      let at = 0;
      const next = () => tokens[at]?.it;
      const ends = () => at >= tokens.length || /^[,):]$/.test(next());
      const commas = () => {
        const items = [spaces()];
        while (next() === ",") { at++; if (!ends()) items.push(spaces()); }
        return items.length > 1 ? { list: items, by: ", " } : items[0];
      };
      const spaces = () => {
        const items = [];
        while (!ends()) items.push(ranked(0));
        return items.length === 1 ? items[0] : { list: items, by: " " };
      };
      const ranked = (rank) => {
        if (rank === ranks.length) return single();
        let left = ranked(rank + 1);
        while (ranks[rank].includes(next())) {
          const sign = next(), lone = tokens[at].spaced && !tokens[at + 1]?.spaced;
          if (sign === "-" && lone) break; // the next item of a list
          at++;
          const right = ranked(rank + 1);
          if (sign === "or") left = truthy(left) ? left : right;
          else if (sign === "and") left = truthy(left) ? right : left;
          else left = sign === "/" && !divides ? css(left) + "/" + css(right) : worked(sign, left, right);
        }
        return left;
      };
      const single = () => {
        const token = tokens[at++]?.it ?? "";
        if (token === "-") { const of = single(); return isNumber(of) ? { n: -of.n, unit: of.unit } : "-" + css(of); }
        if (token === "not") return String(!truthy(single()));
        if (token === "(") return grouped();
        if (token.startsWith("$")) return this.get(token);
        if (/^\.?\d/.test(token)) { const n = parseFloat(token); return { n, unit: token.replace(/^[\d.]+/, "") }; }
        if (/^[\w.-]+\($/.test(token)) return this.called(token.slice(0, -1), arguments_());
        return this.filled(token).replace(/\$[\w-]+/g, (name) => css(this.get(name)));
      };
      const arguments_ = () => {
        const all = [];
        while (at < tokens.length && next() !== ")") { all.push(spaces()); if (next() === ",") at++; else if (next() === ":") { at++; all.pop(); } }
        at++;
        return all;
      };
      const grouped = () => {
        const pairs = [], items = [];
        while (at < tokens.length && next() !== ")") {
          const key = spaces();
          if (next() === ":") { at++; pairs.push([key, spaces()]); } else items.push(key);
          if (next() === ",") at++;
        }
        at++;
        if (pairs.length > 0) return { map: pairs };
        return items.length === 1 ? items[0] : { list: items, by: ", " };
      };
      const it = commas();
      return at < tokens.length ? text : it;
    }

    called(name, given) {
      const made = this.functions.get(name);
      if (made) return this.within(this.bound(made.names, given), () => this.returned(made.body) ?? "null");
      return own[name] ? own[name](...given) : name + "(" + given.map(css).join(", ") + ")";
    }

    // bound pairs parameters, as "$a, $b: 1px", with what is given.
    bound(names, given) {
      const named = names.trim() ? names.split(/,(?![^(]*\))/) : [];
      return named.map((one, i) => {
        const [name, otherwise] = one.split(/:(.*)/s);
        return [name.trim(), given[i] ?? (otherwise === undefined ? "null" : this.value(otherwise))];
      });
    }

    returned(body) {
      let it;
      this.flow(body, (node) => {
        if (it === undefined && /^@return\b/.test(node.head)) it = this.value(node.head.slice(7));
      }, () => it !== undefined);
      return it;
    }

    // flow goes through nodes in order, decides and loops, and calls each with all that is neither.
    flow(nodes, each, over = () => false) {
      let met = false;
      for (const node of nodes) {
        if (over()) return;
        this.step();
        const [, word = "", rest = ""] = /^@([\w-]+)\s*([\s\S]*)$/.exec(node.head) ?? [];
        const test = word === "else" ? /^if\b([\s\S]*)$/.exec(rest)?.[1] : rest;
        const inside = (names = []) => this.within(names, () => this.flow(node.body, each, over));
        if (word === "if" || word === "else") {
          const now = !(word === "else" && met) && (test === undefined || truthy(this.value(test)));
          met = (word === "else" && met) || now;
          if (now) inside();
        } else if (word === "while") while (!over() && truthy(this.value(rest))) { this.step(); inside(); }
        else if (word === "for") for (const names of this.counted(rest)) inside(names);
        else if (word === "each") for (const names of this.listed(rest)) inside(names);
        else if (/^\$[\w-]+\s*:/.test(node.head)) this.assign(node.head);
        else each(node);
      }
    }

    assign(head) {
      const [, name, text] = /^(\$[\w-]+)\s*:([\s\S]*)$/.exec(head), soft = /!default\s*$/.test(text);
      if (soft && this.find(name)) return;
      (this.find(name) ?? this.scopes.at(-1)).set(name, this.value(text.replace(/!(default|global)\s*$/, "")));
    }

    * counted(rest) {
      const [, name, from, word, to] = /^(\$[\w-]+)\s+from\s+([\s\S]+?)\s+(through|to)\s+([\s\S]+)$/.exec(rest) ?? [];
      if (!name) throw new Error("Sass: @for " + rest + " is not like @for $i from 1 through 3.");
      const first = this.value(from), last = this.value(to).n, by = first.n <= last ? 1 : -1;
      for (let n = first.n; word === "through" ? (last - n) * by >= 0 : n !== last; n += by) { this.step(); yield [[name, { n, unit: first.unit }]]; }
    }

    * listed(rest) {
      const [, names, of] = /^([\s\S]+?)\s+in\s+([\s\S]+)$/.exec(rest) ?? [];
      if (!names) throw new Error("Sass: @each " + rest + " is not like @each $it in a, b.");
      const wanted = names.split(",").map((name) => name.trim());
      for (const one of asList(this.value(of))) yield wanted.map((name, i) => [name, wanted.length === 1 ? one : asList(one)[i] ?? "null"]);
    }

    // rules writes nodes for selectors, within media.
    rules(nodes, selectors, media, content) {
      let rule = null;
      this.flow(nodes, (node) => {
        const [, word, rest] = /^@([\w-]+)\s*([\s\S]*)$/.exec(node.head) ?? [];
        const [, name, , given = ""] = /^([\w-]+)\s*(\(([\s\S]*)\))?$/.exec(rest ?? "") ?? [];
        if (word === "mixin") this.mixins.set(name, { names: given, body: node.body });
        else if (word === "function") this.functions.set(name, { names: given, body: node.body });
        else if (word === "include") { this.include(name, given, node.body, selectors, media); rule = null; }
        else if (word === "content") { content?.(); rule = null; }
        else if (word === "extend") this.extended.push([rest.trim(), selectors]);
        else if (word === "media" || word === "supports") { this.rules(node.body, selectors, [...media, "@" + word + " " + this.filled(rest)], content); rule = null; }
        else if (word) this.out.push({ media, raw: this.filled(node.head) + (node.body ? " {" + this.raw(node.body) + "}" : ";") });
        else if (node.body) { this.within([], () => this.rules(node.body, this.nested(selectors, this.filled(node.head)), media, content)); rule = null; }
        else {
          if (!rule) this.out.push(rule = { media, selectors, lines: [] });
          const [, property, text] = /^([^:]+):([\s\S]*)$/.exec(node.head) ?? [];
          if (property) rule.lines.push(this.filled(property).trim() + ": " + (property.trim().startsWith("--") ? this.filled(text) : css(this.value(text.replace(/\s*!important/, "")))) + (/!important/.test(text) ? " !important" : ""));
        }
      });
    }
    raw(nodes) { return nodes.map((node) => this.filled(node.head) + (node.body ? " {" + this.raw(node.body) + "}" : ";")).join(" "); }

    include(name, given, body, selectors, media) {
      const mixin = this.mixins.get(name);
      if (!mixin) throw new Error("Sass: there is no mixin " + name + ".");
      const values = given.trim() ? given.split(/,(?![^(]*\))/).map((one) => this.value(one.replace(/^\s*\$[\w-]+\s*:/, ""))) : [];
      const content = body && (() => this.rules(body, selectors, media));
      this.within(this.bound(mixin.names, values), () => this.rules(mixin.body, selectors, media, content));
    }

    nested(outer, head) {
      const inner = head.split(/,(?![^(]*\))/).map((one) => one.trim());
      if (outer.length === 0) return inner;
      if (outer.length * inner.length > mostSteps) throw new Error("Sass: these are too many selectors.");
      return outer.flatMap((of) => inner.map((one) => (one.includes("&") ? one.replaceAll("&", of) : of + " " + one)));
    }

    text() {
      for (const [of, by] of this.extended) {
        const whole = new RegExp("(^|[^\\w-])" + of.replace(/[.*+?^${}()|[\]\\]/g, "\\$&") + "(?![\\w-])");
        for (const rule of this.out) {
          if (!rule.raw) rule.selectors = [...rule.selectors, ...rule.selectors.filter((one) => whole.test(one)).flatMap((one) => by.map((it) => one.replace(whole, (_, before) => before + it)))];
        }
      }
      return this.out.map(({ media, raw, selectors, lines }) => {
        const kept = (selectors ?? []).filter((one) => !/%[\w-]/.test(one));
        const inner = raw ?? (kept.length > 0 ? kept.join(", ") + " { " + lines.join("; ") + " }" : "");
        return media.reduceRight((text, one) => one + " { " + text + " }", inner);
      }).join("\n");
    }
  }

  // compile answers CSS, or throws what to tell the learner.
  function compile(text) {
    const sheet = new Sheet();
    sheet.rules(blocksOf(uncommented(text)), [], []);
    return sheet.text();
  }
  return { compile };
})();
