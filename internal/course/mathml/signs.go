package mathml

import "strings"

// What single commands stand for. None of these tables changes.
var (
	identifiers = map[string]string{
		"alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ϵ", "varepsilon": "ε", "zeta": "ζ", "eta": "η",
		"theta": "θ", "vartheta": "ϑ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π",
		"varpi": "ϖ", "rho": "ρ", "varrho": "ϱ", "sigma": "σ", "varsigma": "ς", "tau": "τ", "upsilon": "υ", "phi": "ϕ",
		"varphi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ",
		"Pi": "Π", "Sigma": "Σ", "Upsilon": "Υ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω", "infty": "∞", "partial": "∂", "nabla": "∇",
		"hbar": "ℏ", "ell": "ℓ", "Re": "ℜ", "Im": "ℑ", "aleph": "ℵ", "emptyset": "∅", "varnothing": "∅", "imath": "ı", "jmath": "ȷ",
		"angle": "∠", "circ": "∘", "degree": "°", "prime": "′", "dots": "…", "ldots": "…", "cdots": "⋯", "vdots": "⋮", "ddots": "⋱",
		"dotsc": "…", "dotsb": "⋯", "top": "⊤", "bot": "⊥", "square": "□", "checkmark": "✓", "%": "%", "$": "$", "#": "#", "_": "_", "&": "&",
	}
	operators = map[string]string{
		"pm": "±", "mp": "∓", "times": "×", "div": "÷", "cdot": "⋅", "ast": "∗", "star": "⋆", "bullet": "∙", "oplus": "⊕",
		"ominus": "⊖", "otimes": "⊗", "odot": "⊙", "dagger": "†", "wedge": "∧", "land": "∧", "vee": "∨", "lor": "∨", "neg": "¬",
		"lnot": "¬", "cap": "∩", "cup": "∪", "setminus": "∖", "le": "≤", "leq": "≤", "leqslant": "⩽", "ge": "≥", "geq": "≥",
		"geqslant": "⩾", "lt": "<", "gt": ">", "ll": "≪", "gg": "≫", "ne": "≠", "neq": "≠", "equiv": "≡", "approx": "≈", "sim": "∼", "simeq": "≃",
		"cong": "≅", "propto": "∝", "in": "∈", "notin": "∉", "ni": "∋", "subset": "⊂", "subseteq": "⊆", "supset": "⊃",
		"supseteq": "⊇", "forall": "∀", "exists": "∃", "nexists": "∄", "mid": "∣", "parallel": "∥", "perp": "⊥", "models": "⊨", "vdash": "⊢",
		"to": "→", "rightarrow": "→", "longrightarrow": "⟶", "leftarrow": "←", "gets": "←", "longleftarrow": "⟵", "leftrightarrow": "↔",
		"Rightarrow": "⇒", "implies": "⟹", "Longrightarrow": "⟹", "Leftarrow": "⇐", "Leftrightarrow": "⇔", "iff": "⟺", "mapsto": "↦",
		"uparrow": "↑", "downarrow": "↓", "updownarrow": "↕", "hookrightarrow": "↪", "rightleftharpoons": "⇌", "nearrow": "↗", "searrow": "↘",
		"colon": ":", "therefore": "∴", "because": "∵", "coloneqq": "≔", "triangleq": "≜", "bmod": "mod", "backslash": "\\", "lesssim": "≲", "gtrsim": "≳",
	}
	large = map[string]string{
		"sum": "∑", "prod": "∏", "coprod": "∐", "int": "∫", "iint": "∬", "iiint": "∭", "oint": "∮",
		"bigcup": "⋃", "bigcap": "⋂", "bigoplus": "⨁", "bigotimes": "⨂", "bigwedge": "⋀", "bigvee": "⋁",
	}
	functions = map[string]string{
		"sin": "sin", "cos": "cos", "tan": "tan", "cot": "cot", "sec": "sec", "csc": "csc", "arcsin": "arcsin", "arccos": "arccos",
		"arctan": "arctan", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "exp": "exp", "log": "log", "ln": "ln", "lg": "lg",
		"det": "det", "dim": "dim", "ker": "ker", "deg": "deg", "gcd": "gcd", "hom": "hom", "arg": "arg", "lim": "lim", "Pr": "Pr",
		"limsup": "lim sup", "liminf": "lim inf", "max": "max", "min": "min", "sup": "sup", "inf": "inf", "argmax": "arg max", "argmin": "arg min",
	}
	spaces = map[string]string{
		",": "\u2009", ":": "\u2005", ">": "\u2005", ";": "\u2004", "!": "", " ": "\u00A0", "\n": "\u00A0", "quad": "\u2003", "qquad": "\u2003\u2003",
		"thinspace": "\u2009", "enspace": "\u2002", "/": "",
	}
	brackets = map[string]string{
		"{": "{", "}": "}", "lbrace": "{", "rbrace": "}", "langle": "⟨", "rangle": "⟩", "lfloor": "⌊", "rfloor": "⌋",
		"lceil": "⌈", "rceil": "⌉", "|": "‖", "Vert": "‖", "lVert": "‖", "rVert": "‖", "vert": "|", "lvert": "|", "rvert": "|", "lbrack": "[", "rbrack": "]",
	}
	accents = map[string]string{
		"hat": "^", "widehat": "^", "bar": "¯", "vec": "→", "overrightarrow": "→", "dot": "˙", "ddot": "¨", "tilde": "~", "widetilde": "~",
		"check": "ˇ", "breve": "˘", "acute": "´", "grave": "`", "mathring": "˚",
	}
	variants = map[string]string{
		"mathrm": "rm", "rm": "rm", "mathbf": "bf", "boldsymbol": "bf", "bm": "bf", "bf": "bf", "mathbb": "bb", "mathcal": "cal",
		"mathscr": "cal", "mathfrak": "frak", "mathsf": "sf", "mathtt": "tt", "mathit": "it", "mathnormal": "",
	}
	texts = map[string]bool{
		"text": true, "textrm": true, "textbf": true, "textit": true, "texttt": true, "textsf": true, "mbox": true, "textnormal": true, "hbox": true,
	}
)

// alphabets are where Unicode keeps letters of one kind: capital A, small a,
// and the digit nought if it has one.
var alphabets = map[string][3]rune{
	"bf": {0x1D400, 0x1D41A, 0x1D7CE}, "bb": {0x1D538, 0x1D552, 0x1D7D8}, "cal": {0x1D49C, 0x1D4B6, 0},
	"frak": {0x1D504, 0x1D51E, 0}, "sf": {0x1D5A0, 0x1D5BA, 0x1D7E2}, "tt": {0x1D670, 0x1D68A, 0x1D7F6},
}

// apart are letters that Unicode had before the others of their kind.
var apart = map[string]string{
	"bb": "CℂHℍNℕPℙQℚRℝZℤ", "cal": "BℬEℰFℱHℋIℐLℒMℳRℛeℯgℊoℴ", "frak": "CℭHℌIℑRℜZℨ",
}

// styled writes ASCII letters and digits in another kind.
func styled(variant, text string) string {
	kind, ok := alphabets[variant]
	if !ok {
		return text
	}
	return strings.Map(func(r rune) rune {
		own := []rune(apart[variant])
		for i := 0; i+1 < len(own); i += 2 {
			if own[i] == r {
				return own[i+1]
			}
		}
		switch {
		case r >= 'A' && r <= 'Z':
			return kind[0] + r - 'A'
		case r >= 'a' && r <= 'z':
			return kind[1] + r - 'a'
		case r >= '0' && r <= '9' && kind[2] != 0:
			return kind[2] + r - '0'
		}
		return r
	}, text)
}
