// What systemd says of deploy/systemd/stampede@.service, and what docs/security.md promises of it.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

const ROLES = ["serve", "web", "validate", "quantity", "consume", "admin"];
// Tenths of a point, of 100: systemd calls up to 2.0 "OK". Measured: 1.5.
const MOST_EXPOSURE = "20";
const unit = readFileSync(fileURLToPath(new URL("../../deploy/systemd/stampede@.service", import.meta.url)), "utf8");

let folder;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "unit-"));
  // systemd looks for the program, which no package has installed here.
  const installed = unit.replace(/^ExecStart=\/usr\/bin\/stampede /m, "ExecStart=/bin/true ");
  assert.notEqual(installed, unit);
  for (const role of ROLES) writeFileSync(join(folder, `stampede@${role}.service`), installed);
});
after(() => rmSync(folder, { recursive: true }));

function analyze(...words) {
  const run = spawnSync("systemd-analyze", words, { encoding: "utf8" });
  if (run.error) throw run.error;
  return { status: run.status, said: run.stdout + run.stderr };
}

test("systemd finds nothing wrong with the unit of any role", () => {
  for (const role of ROLES) {
    const { status, said } = analyze("verify", "--man=no", join(folder, `stampede@${role}.service`));
    assert.deepEqual({ status, said }, { status: 0, said: "" }, role);
  }
});

test("the unit exposes little of the machine", () => {
  const file = join(folder, "stampede@serve.service");
  const { status, said } = analyze("security", "--offline=yes", `--threshold=${MOST_EXPOSURE}`, file);
  assert.equal(status, 0, said.split("\n").filter((line) => !line.startsWith("✓")).join("\n"));
});

test("what cannot work is not started again, and no core is written", () => {
  for (const line of ["Restart=on-failure", "RestartPreventExitStatus=2", "LimitCORE=0", "User=stampede", "UMask=0077"]) {
    assert.ok(unit.split("\n").includes(line), `${line} is missing`);
  }
});
