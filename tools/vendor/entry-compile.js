// What makes learners' code plain JavaScript: JSX and TypeScript by sucrase, and acorn, with which loops are guarded.
import { transform } from "sucrase";
import { parse } from "acorn";
import { simple } from "acorn-walk";

globalThis.KeptCompile = { transform, parse, walk: simple };
