// What the documents and the code say of each other, checked: every link, citation, path and test that
// is written down is there, and "who" has a noun before it.
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";

/// Folders of the repository whose files may cite documents, and those that no rule looks into.
const CITING = ["src", "tests", "web", "schema", "deploy", "cmake", "config", "bench", "api"];
const LEFT_OUT = new Set(["node_modules", "build", "baselines", "data", "data-cluster"]);
const TEXT = /(\.(h|cc|c|mjs|js|css|sql|toml|cfg|conf|cmake|txt|lua|mustache|bash|sh|service)|\/[^./]+)$/;
/// Where checkSubjects() does not look: captions of pages are no sentences.
const SUBJECTS_UNCHECKED = /\.mustache$/;
/// Documents that tell of the past: the paths they name need not be there any more.
const HISTORY = /^(CHANGELOG\.md|docs\/adr\/)/;

function filesBelow(root, folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.name.startsWith(".") || LEFT_OUT.has(entry.name)) return [];
    return entry.isDirectory() ? filesBelow(root, path) : [path];
  });
}

/// A heading's anchor, as GitHub makes it.
function slugOf(heading) {
  return heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/[`*]/g, "")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replace(/\s/g, "-");
}

/// The text without its fenced blocks, whose lines stay so that line numbers are right.
const withoutFences = (text) =>
  text.replace(/^```[\s\S]*?^```/gm, (block) => block.replace(/[^\n]/g, ""));

/// The text without what checkLinks() looks at.
const withoutTargets = (text) => text.replace(/\]\([^)\s]+\)/g, (link) => "]".padEnd(link.length));

const lineOf = (text, index) => text.slice(0, index).split("\n").length;

class Document {
  constructor(text) {
    const body = withoutFences(text);
    this.anchors = new Set();
    this.sections = new Set();
    for (const [, id] of body.matchAll(/<a id="([^"]+)">/g)) this.anchors.add(id);
    for (const [, heading] of body.matchAll(/^#{1,6} (.+)$/gm)) {
      const slug = slugOf(heading);
      let unique = slug;
      for (let again = 1; this.anchors.has(unique); ++again) unique = `${slug}-${again}`;
      this.anchors.add(unique);
      const number = /^(\d+)\. /.exec(heading);
      if (number) this.sections.add(number[1]);
    }
  }
}

/// Everything that is wrong below `root`, a sentence each.
export function check(root) {
  const problems = [];
  const markdown = [
    ...readdirSync(root).filter((name) => name.endsWith(".md")),
    ...filesBelow(root, "docs").filter((name) => name.endsWith(".md")),
  ];
  const texts = new Map(markdown.map((path) => [path, readFileSync(join(root, path), "utf8")]));
  const documents = new Map([...texts].map(([path, text]) => [path, new Document(text)]));
  const scripts = ["run", "test"].filter((path) => existsSync(join(root, path)));
  const citing = [...scripts, ...CITING.flatMap((folder) => filesBelow(root, folder)).filter((path) => TEXT.test(path))];

  const missing = (path, anchor) => {
    if (!existsSync(join(root, path))) return `${path} does not exist`;
    if (!anchor) return null;
    const document = documents.get(path);
    if (!document) return `${path} is no document with anchors`;
    return document.anchors.has(anchor) ? null : `${path} has no anchor #${anchor}`;
  };
  const report = (path, text, index, what) => problems.push(`${path}:${lineOf(text, index)}: ${what}`);

  for (const [path, text] of texts) checkLinks(path, withoutFences(text), missing, report);
  for (const [path, text] of texts) {
    if (!HISTORY.test(path)) checkPaths(root, path, withoutFences(text), report);
  }
  const everything = [...texts, ...citing.map((path) => [path, readFileSync(join(root, path), "utf8")])];
  for (const [path, text] of everything) {
    if (path.startsWith("tests/documents/")) continue; // they show what is broken
    checkCitations(path, path.endsWith(".md") ? withoutTargets(text) : text, documents, missing, report);
    if (!SUBJECTS_UNCHECKED.test(path)) checkSubjects(path, path.endsWith(".md") ? withoutFences(text) : text, report);
  }
  const all = [...CITING, ""].map((folder) => join(root, folder));
  const names = new Set(everything.map(([path]) => path.split("/").at(-1)));
  for (const [path, text] of everything) {
    if (path.endsWith(".md") || path.startsWith("tests/documents/") || path.startsWith("tests/checks/")) continue;
    checkFilesOfComments([...all, join(root, dirname(path))], names, path, text, report);
  }
  const tests = testsOf(everything);
  for (const [path, text] of texts) checkTests(path, withoutFences(text), tests, report);
  return { problems, documents: texts.size, files: citing.length };
}

/// The tests of each suite of GoogleTest.
function testsOf(files) {
  const suites = new Map();
  for (const [path, text] of files) {
    if (!path.endsWith(".cc")) continue;
    for (const [, suite, test] of text.matchAll(/\b(?:TYPED_)?TEST(?:_[FP])?\(\s*(\w+),\s*(\w+)\)/g)) {
      suites.set(suite, (suites.get(suite) ?? new Set()).add(test));
    }
  }
  return suites;
}

/// `Suite.Test`, `SuiteTest.*`: there is such a suite, and such a test in it.
function checkTests(path, text, suites, report) {
  for (const match of text.matchAll(/`([A-Z]\w+)\.(\w+|\*)`/g)) {
    const [name, suite, test] = [match[0], match[1], match[2]];
    const tests = suites.get(suite);
    if (!tests && !suite.endsWith("Test")) continue; // `Boost.JSON`
    if (!tests) report(path, text, match.index, `${name}: there is no such suite of tests`);
    else if (test !== "*" && !tests.has(test)) report(path, text, match.index, `${name} is no test`);
  }
}

/// [text](target): the file is there, and the anchor in it.
function checkLinks(path, text, missing, report) {
  for (const match of text.matchAll(/\]\(([^)\s]+)\)/g)) {
    const target = match[1];
    if (/^[a-z]+:/.test(target)) continue; // another site's
    const [file, anchor] = target.split("#");
    const resolved = file ? normalize(join(dirname(path), file)) : path;
    const problem = resolved.startsWith("..") ? `${target} leads out of the repository` : missing(resolved, anchor);
    if (problem) report(path, text, match.index, `the link (${target}): ${problem}`);
  }
}

/// `services/stock`, `controllers/check_controller`, `config/serve.toml`: what looks like a path
/// of this repository is one, in src/ also without its ending.
function checkPaths(root, path, text, report) {
  const rooms = new Set(readdirSync(join(root, "src")).filter((name) => statSync(join(root, "src", name)).isDirectory()));
  const folders = new Set(readdirSync(root).filter((name) => statSync(join(root, name)).isDirectory()));
  for (const match of text.matchAll(/`([A-Za-z0-9_][A-Za-z0-9_./-]*\/[A-Za-z0-9_./-]*)`/g)) {
    const name = match[1];
    const first = name.split("/")[0];
    if (LEFT_OUT.has(first)) continue;
    const candidates = [];
    if (rooms.has(first)) candidates.push(...["", ".h", ".cc"].map((ending) => join("src", name + ending)));
    if (folders.has(first)) candidates.push(name);
    if (candidates.length === 0) continue;
    if (candidates.some((candidate) => existsSync(join(root, candidate)))) continue;
    report(path, text, match.index, `\`${name}\` is no file or folder of this repository`);
  }
}

/// repositories/audit.h, simulation_test.cc, in a comment: below src/ or another folder of the
/// repository, or beside the file, there is such a file; one without a folder is anywhere. What
/// stands in quotation marks is an example.
function checkFilesOfComments(folders, names, path, text, report) {
  const files = /(?<![\w./:@<"-])([a-z][\w.-]*(?:\/[\w.-]+)*\.(?:h|cc|js|mjs|cmake|sql|toml|mustache|css|bash))\b(?![\w/-])/g;
  for (const comment of text.matchAll(/(?:^|\s)(?:\/\/\/?|#|--|\/?\*) .*$/gm)) {
    for (const match of comment[0].matchAll(files)) {
      const name = match[1];
      const there = name.includes("/") ? folders.some((folder) => existsSync(join(folder, name))) : names.has(name);
      if (!there) report(path, text, comment.index + match.index, `${name} is no file of this repository`);
    }
  }
}

/// docs/design.md#leases, "design.md, section 5", docs/adr/0004-….md, "ADR 4", wherever they stand.
function checkCitations(path, text, documents, missing, report) {
  for (const match of text.matchAll(/\bdocs\/[\w./-]+\.md(?:#([\w-]+))?/g)) {
    const problem = missing(match[0].split("#")[0], match[1]);
    if (problem) report(path, text, match.index, `cites ${match[0]}: ${problem}`);
  }
  for (const match of text.matchAll(/\bdesign\.md,?\s+section\s+(\d+)/g)) {
    if (!documents.get("docs/design.md")?.sections.has(match[1])) {
      report(path, text, match.index, `cites section ${match[1]}, which docs/design.md does not have`);
    }
  }
  for (const match of text.matchAll(/\bADR[ -](\d+)/g)) {
    const number = match[1].padStart(4, "0");
    if (![...documents.keys()].some((name) => name.startsWith(`docs/adr/${number}-`))) {
      report(path, text, match.index, `cites ADR ${match[1]}, which docs/adr/ does not have`);
    }
  }
  for (const match of text.matchAll(/\bDESIGN(?:\.md)?,? section/g)) {
    report(path, text, match.index, "cites DESIGN, which is no document; say docs/design.md#anchor");
  }
}

/// "Who waits is told 503", "sent to who asked": a clause with "who" and without the noun that it
/// belongs to. It reads as a question at first, and the reader has to guess whether a buyer, a
/// process or an operator is meant. "A buyer who waits is told 503" says it. Questions may ask it.
function checkSubjects(path, text, report) {
  const gap = String.raw`(?:\s|\n\s*(?:\/\/\/?|#|--|\*)\s)+`;
  const begins = [
    String.raw`\bWho`, // a sentence
    String.raw`[;:.(]${gap}who|\(who`, // a part of one
    String.raw`[,;]${gap}(?:and|but)${gap}who`,
    String.raw`["\x60]who`, // a string
    String.raw`\S[ \t]+\/\/[ \t]who`, // a comment behind code
    String.raw`\b(?:by|of|to|for|from|than|nor|with)${gap}who`,
  ];
  const clause = new RegExp(`(?:${begins.join("|")})${gap}[a-z][^.;?"]*(?![^.;?"]|\\?)`, "g");
  for (const match of text.matchAll(clause)) {
    report(path, text, match.index, `"${match[0].replace(/\s+/g, " ").slice(0, 60)}": who is that? Name it before "who"`);
  }
}
