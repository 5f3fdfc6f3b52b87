// The page around the frame in the headless browser: it takes an exercise and hands back the verdict.
import { Runner } from "/runner/client.js";

let runner = null;

window.check = async (exercise, limits) => {
  runner ??= new Runner(document.body);
  const verdict = await runner.run(exercise, { limits });
  verdict.console = verdict.console.map((line) => line.text).join("\n").slice(0, 8192);
  return verdict;
};
document.documentElement.dataset.ready = "yes";
