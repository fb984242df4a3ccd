// The test `function_length`: a function fits a screen. tests/checks shows that it fails.
// Run by: node check_functions.mjs CHECKOUT
// Reads C++ as .clang-format lays it out: a body's brace stands behind a space, one of an initialiser
// inside parentheses or right behind a name.
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";

const MOST_LINES = 70;
const FOLDERS = ["src", "tests", "bench"];

/** The text with every comment and literal blanked out, line by line as before. */
function withoutWords(text) {
  const blank = (found) => found.replace(/[^\n]/g, " ");
  return text
    .replace(/R"(\w*)\([^]*?\)\1"/g, blank)
    .replace(/\/\/.*|\/\*[^]*?\*\/|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])'/g, blank)
    .replace(/^[ \t]*#.*(?:\\\n.*)*/gm, blank);
}

/** The head without its `template <...>`, whose parameters may have defaults. */
function withoutTemplate(head) {
  const template = /^\s*template\s*</.exec(head);
  if (!template) return head;
  let angles = 1;
  let parentheses = 0;
  let i = template[0].length;
  for (; i < head.length && angles > 0; i += 1) {
    if (head[i] === "(") parentheses += 1;
    if (head[i] === ")") parentheses -= 1;
    if (parentheses > 0) continue; // there < and > compare
    if (head[i] === "<") angles += 1;
    if (head[i] === ">") angles -= 1;
  }
  return withoutTemplate(head.slice(i));
}

/** The name of the function or the lambda that a head declares; empty if it declares none. */
function functionName(wholeHead) {
  const head = withoutTemplate(wholeHead);
  const [before] = head.split("(");
  const lambda = /(\w+)\s*=\s*\[/.exec(before);
  if (lambda) return lambda[1];
  if (before === head || /[^=!<>]=[^=]/.test(before)) return "";
  return /([\w:~]+|operator\W+)\s*$/.exec(before)?.[1] ?? "";
}

/** {name, line, length} of every function. */
function functionsOf(source) {
  const text = withoutWords(source);
  const lineAt = (position) => source.slice(0, position).split("\n").length;
  const open = []; // {container, head}: head is where the statement of the brace begins
  const found = [];
  let head = 0;
  let parentheses = 0;
  let inside = 0; // braces of the function that the position is in
  for (let i = 0; i < text.length; i += 1) {
    const c = text[i];
    if (inside > 0) {
      if (c === "{") inside += 1;
      if (c === "}") inside -= 1;
      if (inside > 0 || c !== "}") continue;
      const { start, name } = open.pop();
      const line = lineAt(start);
      found.push({ name, line, length: lineAt(i) - line + 1 });
      head = i + 1;
      continue;
    }
    if (c === "(") parentheses += 1;
    if (c === ")") parentheses -= 1;
    if (parentheses > 0) continue;
    if (c === ";") head = i + 1;
    if (c === "{") {
      const start = head + /^\s*((public|private|protected):\s*)?/.exec(text.slice(head, i))[0].length;
      const statement = text.slice(start, i);
      const isBody = /[\s)]$/.test(statement);
      const name = isBody ? functionName(statement) : "";
      open.push({ start, name, initialiser: !isBody });
      if (name && !/^\s*(namespace|enum|class|struct|union)\b/.test(statement)) inside = 1;
      else if (isBody) head = i + 1;
    }
    if (c === "}") {
      if (!open.pop()?.initialiser) head = i + 1;
    }
  }
  return found;
}

async function sourcesBelow(folder) {
  const entries = await readdir(folder, { withFileTypes: true });
  const below = entries.map((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sourcesBelow(path);
    return /\.(cc|h)$/.test(entry.name) ? [path] : [];
  });
  return (await Promise.all(below)).flat();
}

const checkout = process.argv[2];
if (!checkout) throw new Error("usage: node check_functions.mjs CHECKOUT");
const wrong = [];
let count = 0;
for (const folder of FOLDERS) {
  for (const path of await sourcesBelow(join(checkout, folder))) {
    const shown = path.slice(checkout.length + 1);
    for (const { name, line, length } of functionsOf(await readFile(path, "utf8"))) {
      count += 1;
      if (length <= MOST_LINES) continue;
      wrong.push(`${shown}:${line}: ${name} has ${length} lines; at most ${MOST_LINES} fit a screen`);
    }
  }
}
if (count === 0) wrong.push(`no function below ${checkout}`);
if (wrong.length > 0) {
  console.error(wrong.join("\n"));
  process.exit(1);
}
console.log(`${count} functions, each of at most ${MOST_LINES} lines`);
