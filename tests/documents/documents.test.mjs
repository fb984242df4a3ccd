import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { check } from "./documents.mjs";

const repository = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

test("every link, citation, path and test that is named in this repository leads to something, and no who stands alone", () => {
  const { problems, documents, files } = check(repository);
  assert.deepEqual(problems, []);
  assert.ok(documents > 10 && files > 300, `looked at ${documents} documents and ${files} files only`);
});

/// A small repository in which everything is right, with `changes` over it.
function problemsWith(changes) {
  const root = mkdtempSync(join(tmpdir(), "stampede-documents-"));
  try {
    const files = {
      "README.md": "See [the rules](docs/design.md#rules), [leases](docs/design.md#5-leases), `model/sale`.\n",
      "docs/design.md": '# Design\n\n<a id="rules"></a>\n## 5. Leases\n\n[up](../README.md)\n',
      "docs/adr/0004-a-choice.md": "# 4. A choice\n\n[rules](../design.md#rules)\n",
      "docs/tests.md": "`SaleTest.Ends`, `SaleTest.*`, `Boost.JSON`\n",
      "src/model/sale_test.cc": "TEST_F(SaleTest,\n       Ends) {}\n",
      "src/model/sale.h": "// docs/design.md#rules; design.md, section 5; ADR 4; docs/adr/0004-a-choice.md\n",
      ...changes,
    };
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(root, dirname(path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return check(root).problems;
  } finally {
    rmSync(root, { recursive: true });
  }
}

test("nothing is said of a repository in which everything resolves", () => {
  assert.deepEqual(problemsWith({}), []);
});

test("a file beside a comment, below src, anywhere, or of an example is there", () => {
  const text = '// sale_test.cc, model/sale.h, src/model/sale.h; "other/offer.h"\n#include <other.h>\n';
  assert.deepEqual(problemsWith({ "src/model/other.cc": text, "deploy/a.conf": "# model/sale.h\n" }), []);
});

test("a noun before who, and a question, are sentences", () => {
  const text = "A buyer who waits is told 503; the page says who may buy. Who is next? One who waits.\n";
  assert.deepEqual(problemsWith({ "docs/other.md": text, "src/a.h": `// ${text}` }), []);
});

const broken = {
  "a link to a file that is not there": { "README.md": "[x](docs/other.md)" },
  "a link to an anchor that is not there": { "README.md": "[x](docs/design.md#other)" },
  "a link to an anchor of the same page that is not there": { "README.md": "[x](#other)" },
  "a link out of the repository": { "README.md": "[x](../outside.md)" },
  "a path that is not there": { "README.md": "`model/other`" },
  "a citation of an anchor that is not there": { "src/a.h": "// docs/design.md#other" },
  "a citation of a document that is not there": { "src/a.h": "// docs/other.md" },
  "a citation of a section that is not there": { "schema/001.sql": "-- design.md, section 6" },
  "a citation of a decision that is not there": { "web/js/a.js": "// ADR 5" },
  "a citation of the page that design.md replaced": { "deploy/a.conf": "# DESIGN section 5" },
  "a file of a comment that is not there": { "src/a.h": "/// As model/offer.h has it." },
  "a file of a comment that is nowhere": { "web/js/a.js": "let a = 1; // see offer_test.cc" },
  "a file with two dots that is nowhere": { "web/css/a.css": "/* as offer.test.mjs has it */" },
  "a file that a script at the root names": { "run": "# as deploy/local/offer.bash says" },
  "a test that is not there": { "docs/tests.md": "`SaleTest.Begins`" },
  "a suite of tests that is not there": { "docs/tests.md": "`OfferTest.*`" },
  "a sentence that begins with who": { "README.md": "Who waits is told 503." },
  "a comment that begins with who": { "src/a.h": "/// Who stood still decides\n/// nothing." },
  "a clause that begins with who": { "src/a.h": "// One waits; who cannot publish does not." },
  "a further clause that begins with who": { "src/a.h": "// One waits, and who came first buys." },
  "who without a noun behind a preposition": { "src/a.h": "// Nothing is granted to who\n// knows less." },
  "who without a noun behind code": { "src/a.h": "int last;  // who answered last" },
  "a message that begins with who": { "src/a.cc": 'EXPECT_FALSE(known) << "who stands by does not know";' },
};
for (const [name, changes] of Object.entries(broken)) {
  test(`${name} is found`, () => {
    const problems = problemsWith(changes);
    assert.equal(problems.length, 1, problems.join("\n"));
    assert.match(problems[0], new RegExp(`^${Object.keys(changes)[0].replaceAll(".", "\\.")}:1: `));
  });
}
