// __helpers.Explorer, which reads TypeScript, and TypeScript's own way to older JavaScript, which a few tests of classes
// look for. It brings the compiler with it, so only tests that need it load it.
import { ScriptTarget, JsxEmit, transpileModule } from "typescript";
import { Explorer } from "./curriculum-helpers/packages/helpers/lib/class/explorer.ts";

globalThis.KeptExplorer = Explorer;
globalThis.KeptOlder = (code) => transpileModule(code, { compilerOptions: { target: ScriptTarget.ES5, jsx: JsxEmit.React } }).outputText;
