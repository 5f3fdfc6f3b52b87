// Makes one document of the files of a page: styles and scripts are put where the page names them, JSX and TypeScript are
// made plain, and libraries that a page would load from elsewhere are taken from what is vendored here. It runs in the
// frame, never where the learner's code runs.
"use strict";

const KeptPage = (() => {
  // Files for each tool, in order. React comes in two ages: 16 for blocks that ask for it as a tool, 18 for pages that
  // name it themselves.
  const react16 = ["react-16.js", "react-dom-16.js"];
  const tools = {
    react: react16, "react-dom": react16, enzyme: [...react16, "react-dom-test-utils-16.js", "react-dom-server-16.js", "enzyme.js"],
    redux: ["redux.js"], "redux-thunk": ["redux.js", "redux-thunk.js"], "react-redux": [...react16, "redux.js", "react-redux.js"],
    d3: ["d3.js"], jquery: ["jquery.js"],
  };
  const known = [
    [/\breact-dom(@|\/|\.)/, ["react-18.js", "react-dom-18.js"]], [/\breact-redux\b/, ["redux.js", "react-redux.js"]],
    [/\bredux-thunk\b/, ["redux-thunk.js"]], [/\bredux(@|\/|\.)/, ["redux.js"]], [/\breact(@|\/|\.)/, ["react-18.js"]],
    [/\bjquery\b/, ["jquery.js"]], [/\bd3(@|\/|\.)/, ["d3.js"]], [/@babel\/standalone|babel-standalone/, []],
  ];
  const kinds = { jsx: ["jsx"], tsx: ["jsx", "typescript"], ts: ["typescript"], js: ["jsx"] };
  const whole = (file) => [file.before, file.text, file.after].filter((part) => part).join("\n");

  const modules = `((name) => /^[.][/]/.test(name) ? globalThis[name.replace(/^[.][/]|[.]\\w+$/g, "")] : ({ react: globalThis.React, "react-dom": globalThis.ReactDOM, "react-dom/client": globalThis.ReactDOM,
    redux: globalThis.Redux, "react-redux": globalThis.ReactRedux, "redux-thunk": globalThis.ReduxThunk, d3: globalThis.d3,
    jquery: globalThis.jQuery })[name] ?? (() => { throw new Error("There is no module " + name + " here."); })())`;

  // plain makes a script of a file. A file with imports or exports becomes a module of its own, and what it exports is a
  // global of the file's name, as lessons expect of their bundler.
  function plain(file, source, { transform, older }, errors, guardLoops) {
    const lang = file.lang === "javascript" ? "js" : file.lang;
    try {
      const moduled = /^\s*(import\b(?!\s*\()|export\b)/m.test(source);
      let code = source;
      if (lang !== "js" || moduled || older) {
        if (older && !moduled) return globalThis.KeptOlder(source);
        const transforms = [...(kinds[lang] ?? ["jsx"]), ...(moduled ? ["imports"] : [])];
        code = transform(source, { transforms, production: true, filePath: file.name, preserveDynamicImport: true }).code;
      }
      if (moduled) {
        // A test may evaluate such a script again, with an object named exports in its scope that takes what it exports.
        const name = JSON.stringify(file.name.replace(/\.\w+$/, ""));
        code = `((exports) => { const module = { exports }, require = ${modules};\n${code}\n})(typeof exports === "object" ? exports : globalThis[${name}] = {});`;
      }
      return guardLoops ? guard(code) : code;
    } catch (error) {
      errors.push(file.name + ": " + String(error.message ?? error));
      return `throw new SyntaxError(${JSON.stringify(String(error.message ?? error))})`;
    }
  }

  // guard makes each loop look at the clock now and then, so that one without end is ended before it blocks the page.
  function guard(code, leave = "") {
    const look = leave ? `if(${leave}())break;` : "__turn();";
    let tree;
    try { tree = KeptCompile.parse(code, { ecmaVersion: "latest", sourceType: "script", allowReturnOutsideFunction: true }); } catch { return code; }
    const edits = [];
    const loop = (node) => {
      const { body } = node;
      if (body.type === "BlockStatement") edits.push([body.start + 1, look]);
      else edits.push([body.start, "{" + look], [body.end, "}"]);
    };
    KeptCompile.walk(tree, { WhileStatement: loop, DoWhileStatement: loop, ForStatement: loop, ForInStatement: loop, ForOfStatement: loop });
    edits.sort((a, b) => b[0] - a[0]);
    for (const [at, text] of edits) code = code.slice(0, at) + text + code.slice(at);
    return code;
  }

  const named = (file, address) => address === file.name || address === "./" + file.name || aliases[file.name]?.some((name) => address === name || address === "./" + name);
  const aliases = { "index.css": ["styles.css", "style.css"], "styles.css": ["style.css"], "index.js": ["script.js"], "script.js": ["index.js"],
    "index.ts": ["script.ts"], "script.ts": ["index.ts"], "index.jsx": ["script.jsx"], "index.tsx": ["script.tsx"] };

  // Attributes keep the name that the page gave, where lessons look for it.
  function putStyle(doc, link, css) {
    const style = doc.createElement("style");
    style.className = "fcc-injected-styles";
    style.textContent = css;
    link.parentNode.append(style);
    link.dataset.href = link.getAttribute("href").replace(/^\.\//, "");
    link.removeAttribute("href");
  }
  function putSass(style, errors) {
    try { style.textContent = KeptSass.compile(style.textContent); } catch (error) {
      errors.push(String(error?.message ?? error));
      return;
    }
    style.dataset.type = style.type;
    style.removeAttribute("type");
  }
  // The code itself comes in when the page is text again, so that what is done to the page's text is not done to code.
  function putScript(element, code, codes) {
    const token = "kept" + Math.random().toString(36).slice(2) + codes.size;
    codes.set(token, code.replaceAll("</script", "<\\/script"));
    element.textContent = token;
    if (element.hasAttribute("src")) element.dataset.src = element.getAttribute("src").replace(/^\.\//, "");
    element.removeAttribute("src");
    if (/babel|jsx|typescript/.test(element.type)) {
      element.dataset.type = element.type;
      element.removeAttribute("type");
    }
  }

  // wantsCompiler tells whether something here is not plain JavaScript yet.
  const wantsCompiler = (exercise, html, guardLoops) => guardLoops || /text\/babel|text\/jsx/.test(html)
    || exercise.files.some((file) => /^(jsx|tsx?|typescript)$/.test(file.lang) || exercise.engine === "react" || /^\s*(import|export)\b/m.test(whole(file)));

  // build returns {html, errors}. texted loads vendored files by name.
  async function build(exercise, texted, { guardLoops = false, older: all = false } = {}) {
    const errors = [], scripts = exercise.files.filter((file) => /^(jsx?|tsx?|javascript|typescript)$/.test(file.lang));
    const pages = exercise.files.filter((file) => file.lang === "html"), styles = exercise.files.filter((file) => file.lang === "css");
    const html = pages.map(whole).join("\n");
    guardLoops &&= exercise.files.some((file) => /\b(while|for|do)\b/.test(file.text) && file.lang !== "css");
    const compile = all || wantsCompiler(exercise, html, guardLoops) ? { ...await compiler(texted), older: (all || wantsOlder(exercise)) && Boolean(await older(texted)) } : {};
    const doc = new DOMParser().parseFromString(html, "text/html");
    const left = new Set([...styles, ...scripts]);
    const vendor = new Map(), loaded = new Set(), codes = new Map();
    const library = async (names) => {
      const fresh = names.filter((name) => !loaded.has(name));
      fresh.forEach((name) => loaded.add(name));
      const texts = (await texted("the libraries of this page", fresh)).map((text) => text.replaceAll("</script", "<\\/script"));
      // Lessons were written for redux-thunk 2.2, whose global is an object.
      return fresh.includes("redux-thunk.js") ? [...texts, "ReduxThunk.default = ReduxThunk;"] : texts;
    };
    for (const link of doc.querySelectorAll("link[href]")) {
      const file = styles.find((one) => named(one, link.getAttribute("href").trim()));
      if (file) { putStyle(doc, link, whole(file)); left.delete(file); }
      if (/pre|dns/i.test(link.rel)) link.remove();
    }
    for (const style of doc.querySelectorAll("style[type]")) {
      if (/^text\/(scss|sass)$/i.test(style.type.trim())) putSass(style, errors);
    }
    for (const element of doc.querySelectorAll("script")) {
      const address = element.getAttribute("src")?.trim();
      const file = address !== undefined && scripts.find((one) => named(one, address));
      if (file) {
        putScript(element, plain(file, whole(file), compile, errors, guardLoops && element.type !== "module"), codes);
        left.delete(file);
      } else if (address !== undefined) {
        const found = /^(https?:)?\/\//.test(address) && known.find(([form]) => form.test(address));
        if (found) vendor.set(element, await library(found[1]));
      } else if (/babel|jsx/.test(element.type)) {
        putScript(element, plain({ name: "page", lang: "jsx" }, element.textContent, compile, errors, guardLoops), codes);
      } else if (guardLoops && (!element.type || /javascript/.test(element.type))) {
        putScript(element, guard(element.textContent), codes);
      }
    }
    for (const [element, parts] of vendor) putScript(element, parts.join("\n;"), codes);
    // Tests of the time of jQuery expect it whether or not the page asks for it.
    const wants = (exercise.tests ?? []).some((test) => /(^|[^\w$.`{])\$\(|\bjQuery\b/.test(test.code ?? "")) ? [...exercise.tools, "jquery"] : exercise.tools;
    const first = await library(wants.flatMap((tool) => tools[tool] ?? []));
    // What no page names is put at the end, unless the page is the learner's own and should have named it.
    const append = pages.length === 0 || exercise.engine === "react" && scripts.every((file) => left.has(file)) && !scripts.some((file) => html.includes(file.name));
    let tail = "";
    for (const file of left) {
      if (file.lang === "css" ? pages.length > 0 && !append : !append) continue;
      tail += file.lang === "css" ? `<style class="fcc-injected-styles">${whole(file).replaceAll("</style", "<\\/style")}</style>`
        : `<script>${plain(file, whole(file), compile, errors, guardLoops).replaceAll("</script", "<\\/script")}</script>`;
    }
    // A frame within the page gets no document of its own; see world.js.
    const bare = doc.documentElement.outerHTML.replace(/\bsrcdoc\b/gi, "data-srcdoc");
    const text = bare.replace(/kept[0-9a-z]+/g, (token) => codes.get(token) ?? token);
    const made = tail && text.includes("</body>") ? text.slice(0, text.lastIndexOf("</body>")) + tail + text.slice(text.lastIndexOf("</body>")) : text + tail;
    return { html: first.map((code) => `<script data-kept>${code};document.currentScript.remove()</script>`).join("") + made, errors };
  }

  // A few tests of the time of React 16 look for what a class becomes in JavaScript without classes.
  const wantsOlder = (exercise) => (exercise.tests ?? []).some((test) => (test.code ?? "").includes("_super.call("));

  // older is the translator to JavaScript of that time.
  async function older(texted) {
    if (!globalThis.KeptOlder) (0, eval)((await texted("TypeScript", ["explorer.js"]))[0]);
    return globalThis.KeptOlder;
  }

  async function compiler(texted) {
    if (!globalThis.KeptCompile) (0, eval)((await texted("the compiler", ["compile.js"]))[0]);
    return globalThis.KeptCompile;
  }

  return { build, compiler, guard, older };
})();
