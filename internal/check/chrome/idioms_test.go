package chrome

import (
	"testing"

	"kept/internal/check"
	"kept/internal/course"
)

// Lessons written for another site's surroundings find here what they expect
// of them.
func TestBrowserIdiomsOfLessons(t *testing.T) {
	e := testEngine(t, Options{Pages: 1, JavaScript: true})
	file := func(name, lang, text string) course.File { return course.File{Name: name, Lang: lang, Text: text} }
	const react18 = `<script src="https://cdnjs.cloudflare.com/ajax/libs/react/18.3.1/umd/react.development.js"></script>` +
		`<script src="https://cdnjs.cloudflare.com/ajax/libs/react-dom/18.3.1/umd/react-dom.development.js"></script>`
	for _, c := range []struct {
		name  string
		works check.Exercise
		fails string // an answer that is none, for the last file
	}{
		{"Sass", check.Exercise{Engine: course.Page, Files: []course.File{file("index.html", "html",
			`<style type='text/scss'>$c: blue; p { color: $c } @each $n in 1, 2 { .w-#{$n} { width: 10px * $n } }</style><p class="w-2">a</p>`)},
			Tests: []course.Test{{Code: `assert($('p').css('color') == 'rgb(0, 0, 255)' && $('.w-2').css('width') == '20px')`}, {Code: `assert.match(code, /@each /)`}}},
			`<style type='text/scss'>p { color: $c } @each </style><p class="w-2">a</p>`},
		{"an exported component, evaluated again", check.Exercise{Engine: course.Page, Files: []course.File{
			file("index.html", "html", react18+`<div id="root"></div><script data-plugins="transform-modules-umd" type="text/babel" src="./index.jsx"></script>`),
			file("index.jsx", "jsx", "const { useState } = React;\n"+`export const Switch = () => { const [on] = useState(true); return <p>{on ? "on" : "off"}</p> }`)},
			Tests: []course.Test{{Code: `const spy = __helpers.spyOn(React, "useState");
				const text = [...document.querySelectorAll("script")].find((one) => one.dataset.src === "index.jsx").innerText;
				const exports = {};
				eval(text);
				const box = await __helpers.prepTestComponent(exports.Switch);
				assert.equal(spy.calls[0]?.[0], true);
				assert.equal(box.textContent, "on");`}, {Code: `assert.isFunction(window.index.Switch)`}}},
			"const { useState } = React;\n" + `export const Switch = () => { const [on] = useState(false); return <p>off</p> }`},
		{"the global of redux-thunk", check.Exercise{Engine: course.React, Tools: []string{"redux", "redux-thunk"}, Files: []course.File{file("index.jsx", "jsx",
			`const store = Redux.createStore((s = 0, a) => a.type === "ADD" ? s + 1 : s, Redux.applyMiddleware(ReduxThunk.default)); const add = () => (dispatch) => dispatch({ type: "ADD" });`)},
			Tests: []course.Test{{Code: `store.dispatch(add()); assert.equal(store.getState(), 1)`}, {Code: `(getUserInput) => assert(getUserInput('index').includes('ReduxThunk'))`}}},
			`const store = Redux.createStore((s = 0) => s); const add = () => ({ type: "ADD" }); // ReduxThunk`},
		{"a clock of the test's own", check.Exercise{Engine: course.Page, Before: `const clock = __FakeTimers.install();`, AfterAll: `clock.uninstall();`, Files: []course.File{file("index.html", "html",
			`<p></p><script>let n = 0; setTimeout(() => { for (let i = 0; i < 5000; i++) n++; document.querySelector("p").textContent = n }, 60000); for (let i = 0; i < 5000; i++);</script>`)},
			Tests: []course.Test{{Code: `clock.tick(60000); assert.equal(document.querySelector("p").textContent, "5000")`}}},
			`<p></p><script>for (let i = 0; i < 5000; i++);</script>`},
		{"sounds", check.Exercise{Engine: course.Page, Files: []course.File{file("index.html", "html",
			`<button>Play</button><audio src="https://cdn.example.org/a.mp3"></audio><script>document.querySelector("button").onclick = () => { document.querySelector("audio").play() }</script>`)},
			Tests: []course.Test{{Code: `const audio = document.querySelector("audio"); document.querySelector("button").click(); assert.isFalse(audio.paused); audio.pause()`}}},
			`<button>Play</button><audio src="https://cdn.example.org/a.mp3"></audio>`},
		{"an assertion after its test", check.Exercise{Engine: course.Page, Files: []course.File{file("index.html", "html", `<p>a</p>`)},
			Tests: []course.Test{{Code: `setTimeout(() => assert.fail("too late to matter"), 20)`},
				{Code: `await new Promise((resolve) => setTimeout(resolve, 200)); assert.exists(document.querySelector("p"))`}}}, `<b>a</b>`},
		{"a name before its let", check.Exercise{Engine: course.React, Tools: []string{"redux"}, Files: []course.File{{Name: "index.jsx", Lang: "jsx", Before: "count = 0;",
			Text: `let count = 0; const store = Redux.createStore((s = 0) => s + 1); store.subscribe(() => count++); store.dispatch({ type: "a" });`}},
			Tests: []course.Test{{Code: `assert.equal(count, 1)`}}}, `let count = 0; const store = Redux.createStore((s = 0) => s + 1);`},
		{"a constant in window", check.Exercise{Engine: course.Page, Files: []course.File{file("index.html", "html", `<p></p><script src="script.js"></script>`), file("script.js", "js", `const size = 3;`)},
			Tests: []course.Test{{Code: `assert.equal(window.size, 3)`}}}, `const size = 4;`},
		{"functions in older JavaScript", check.Exercise{Engine: course.JavaScript, Files: []course.File{file("script.js", "js", `const row = () => { const text = "#"; return text };`)},
			Tests: []course.Test{{Code: `assert.match(row.toString(), /var\s+text/)`}, {Code: `assert.equal(row(), "#")`}}},
			`const row = () => { const other = "#"; return other };`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if v := must(t, e, c.works, check.AnswerOf(c.works.Files)); !v.Passed {
				t.Errorf("the answer: %+v", v)
			}
			last := c.works.Files[len(c.works.Files)-1]
			if v := must(t, e, c.works, check.Answer{Files: []check.File{{Name: last.Name, Text: c.fails}}}); v.Passed {
				t.Error("an answer that is none passes")
			}
		})
	}
}
