// The test `hardening` can fail: a small program that has every protection but one is refused, by the
// name of that one.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

const CHECK = fileURLToPath(new URL("../../cmake/check_hardening.cmake", import.meta.url));
const X86_64 = process.arch === "x64";

// As cmake/hardening.cmake has them; that it has them all is what the test `hardening` says.
const FLAGS = {
  protector: "-fstack-protector-strong",
  clash: "-fstack-clash-protection",
  assertions: "-D_GLIBCXX_ASSERTIONS",
  landing: X86_64 ? "-fcf-protection=full" : "",
  shadow: X86_64 ? "-Wl,-z,shstk" : "",
  compiled: "-fPIE",
  position: "-pie",
  relro: "-Wl,-z,relro",
  now: "-Wl,-z,now",
  stack: "-Wl,-z,noexecstack",
  fortify: "-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3",
};

// Something for each protection to protect.
const SOURCE = String.raw`
#include <unistd.h>
#include <cstring>
#include <vector>
int use(char* bytes);
int small(const char* text, std::size_t size) {
  char buffer[64];
  std::memcpy(buffer, text, size);
  return use(buffer);
}
int large(int depth) {
  char buffer[16384];
  return read(depth, buffer, sizeof buffer) > 0 ? use(buffer) : 0;
}
#ifdef WRITABLE_CODE
asm(".section .both,\"awx\",@progbits\n.byte 0\n.text");
#endif
int use(char* bytes) { asm volatile("" : : "r"(bytes) : "memory"); return bytes[0]; }
int main(int count, char** words) {
  std::vector<int> numbers(1);
  return small(words[0], std::strlen(words[0])) + large(count) + numbers[static_cast<unsigned>(count)];
}
`;

let folder;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "hardening-"));
  writeFileSync(join(folder, "small.cc"), SOURCE);
});
after(() => rmSync(folder, { recursive: true }));

/** What the check says of a program that was built with these flags; empty: nothing. */
function complaints(flags) {
  const program = join(folder, "small");
  const words = Object.values(flags).join(" ").split(" ").filter(Boolean);
  execFileSync("g++", ["-O2", ...words, join(folder, "small.cc"), "-o", program]);
  const run = spawnSync(
    "cmake",
    ["-D", "READELF=readelf", "-D", "OBJDUMP=objdump", "-D", `PROGRAM=${program}`, "-P", CHECK],
    { encoding: "utf8" },
  );
  assert.equal(run.error, undefined);
  assert.equal(run.status === 0, run.stderr === "", run.stderr);
  return run.stderr.replace(/\s+/g, " ");
}

test("a program with every protection is let through", () => assert.equal(complaints(FLAGS), ""));

const WITHOUT = [
  ["-fstack-protector-strong", { protector: "-fno-stack-protector" }, "-fstack-protector-strong is missing"],
  ["-fstack-clash-protection", { clash: "-fno-stack-clash-protection" }, "-fstack-clash-protection is missing"],
  ["_GLIBCXX_ASSERTIONS", { assertions: "" }, "_GLIBCXX_ASSERTIONS is missing"],
  ["-fcf-protection", { landing: "-fcf-protection=none" }, "landing pads (-fcf-protection) is missing", X86_64],
  ["-z shstk", { shadow: "" }, "the mark for shadow stacks (-z shstk) is missing", X86_64],
  ["-pie", { compiled: "-fno-PIE", position: "-no-pie" }, "a position that is drawn at each start (-pie) is missing"],
  ["-z relro", { relro: "-Wl,-z,norelro" }, "read-only relocations (-z relro) is missing"],
  ["-z now", { now: "-Wl,-z,lazy" }, "relocations all made at the start (-z now) is missing"],
  ["-z noexecstack", { stack: "-Wl,-z,execstack" }, "a stack without execution (-z noexecstack) is missing"],
  ["_FORTIFY_SOURCE", { fortify: "-U_FORTIFY_SOURCE" }, "_FORTIFY_SOURCE is missing"],
  ["read-only code", { writable: "-DWRITABLE_CODE" }, "a segment is writable and executable"],
];
for (const [name, change, words, here = true] of WITHOUT) {
  test(`a program without ${name} is refused`, { skip: !here }, () => {
    const said = complaints({ ...FLAGS, ...change });
    assert.ok(said.includes(words), said || "it was let through");
  });
}
