// The checks of cmake/ can fail: each finds what is wrong with a small repository that is made for it.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";

const CHECKS = resolve(dirname(fileURLToPath(import.meta.url)), "../../cmake");

/// {status, output} of `command` on a repository of `files`, whose path is its last argument.
function runOn(files, command, ...options) {
  const root = mkdtempSync(join(tmpdir(), "stampede-checks-"));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(root, dirname(path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    const { status, stdout, stderr, error } = spawnSync(command, options.map((word) => word.replace("ROOT", root)), {
      encoding: "utf8",
    });
    if (error) throw error;
    return { status, output: stdout + stderr };
  } finally {
    rmSync(root, { recursive: true });
  }
}

const include = (...names) => names.map((name) => `#include ${name}\n`).join("");

/// Rooms in which everything is right.
const rooms = {
  "cmake/rooms.cmake": `
    stampede_room(model SANITIZE address)
    stampede_room(http SANITIZE none CLOCK USES model LINKS fmt::fmt)
    stampede_room(services/stock SANITIZE address thread USES model)`,
  "src/model/sale.h": include("<string>"),
  "src/model/sale_test.cc": include('"model/sale.h"', "<gtest/gtest.h>"),
  "src/http/server.cc": include('"model/sale.h"', "<fmt/core.h>", "<sys/socket.h>") + "auto t = steady_clock::now();\n",
  "src/http/test_visitor.h": include("<gtest/gtest.h>"),
  "src/http/server_test.cc": include('"http/test_visitor.h"', '"tests/support/visitor.h"'),
  "src/services/stock/stock.h": include('"model/sale.h"'),
  "src/services/stock/stock_test.cc": include('"services/stock/stock.h"'),
};
/// One room as in `rooms`, but with `line`.
const declared = (line) => {
  const [, name] = /\((\S+?)[ )]/.exec(line);
  return rooms["cmake/rooms.cmake"].replace(new RegExp(`stampede_room\\(${name} .*\\)`), line);
};
const checkRooms = (changes) =>
  runOn({ ...rooms, ...changes }, "cmake", "-D", "SOURCE_DIR=ROOT", "-P", join(CHECKS, "check_rooms.cmake"));

test("nothing is said of rooms in which everything is right", () => {
  const { status, output } = checkRooms({});
  assert.equal(status, 0, output);
  assert.match(output, /7 files in 3 rooms/);
});

const crossings = {
  "an include of a room that is not declared": [
    { "src/model/sale.cc": include('"services/stock/stock.h"') },
    /src\/model\/sale\.cc: model may not include services\/stock/,
  ],
  "a test's include of an abstract header whose room is not declared": [
    {
      "cmake/rooms.cmake": `${rooms["cmake/rooms.cmake"]}\nstampede_room(repositories/orders)`,
      "src/repositories/orders/orders.h": "",
      "src/services/stock/stock_test.cc": include('"repositories/orders/orders.h"'),
    },
    /stock_test\.cc: services\/stock may not include repositories\/orders/,
  ],
  "an include of a library that is not declared": [
    { "src/model/sale.cc": include("<fmt/core.h>") },
    /src\/model\/sale\.cc: model may not include <fmt\/core\.h>/,
  ],
  "an include of a library that nobody knows": [
    { "src/model/sale.cc": include("<other/other.h>") },
    /sale\.cc: model may not include <other\/other\.h>: .* does not know/,
  ],
  "an include of the library of tests": [
    { "src/model/sale.cc": include("<gtest/gtest.h>") },
    /sale\.cc: model may not include <gtest\/gtest\.h>/,
  ],
  "an include of tests/support": [
    { "src/model/sale.cc": include('"tests/support/visitor.h"') },
    /sale\.cc: only a test may include "tests\/support\/visitor\.h"/,
  ],
  "an include of a header for tests": [
    { "src/http/client.cc": include('"http/test_visitor.h"') },
    /client\.cc: only a test may include "http\/test_visitor\.h"/,
  ],
  "an include of what is not there": [
    { "src/model/sale.cc": include('"model/other.h"') },
    /sale\.cc: includes "model\/other\.h", which is not below src/,
  ],
  "a file in no room": [{ "src/other/a.h": "" }, /src\/other\/a\.h: in no room/],
  "a text that is formatted in a way which may end the process": [
    { "src/services/stock/stock.cc": 'auto text = fmt::format("{:?}", name);\n' },
    /stock\.cc: formats with \{:\?\}/,
  ],
  "a clock that is read by a rule": [
    { "src/services/stock/stock.cc": "auto t = std::chrono::system_clock::now();\n" },
    /stock\.cc: services\/stock may not read a clock/,
  ],
  "a clock that a rule takes where nothing is handed in": [
    { "src/services/stock/stock.h": "explicit Stock(Clock clock = read_clocks);\n" },
    /stock\.h: services\/stock may not read a clock/,
    /rooms\.cmake: services\/stock does not need model/,
  ],
  "a CLOCK that is not needed": [
    { "cmake/rooms.cmake": declared("stampede_room(model SANITIZE address CLOCK)") },
    /rooms\.cmake: model reads no CLOCK/,
  ],
  "a room among USES that is not needed": [
    { "cmake/rooms.cmake": declared("stampede_room(services/stock SANITIZE address USES model http)") },
    /rooms\.cmake: services\/stock does not need http/,
  ],
  "a room among USES that only tests need": [
    {
      "cmake/rooms.cmake": declared("stampede_room(services/stock SANITIZE address USES model http)"),
      "src/services/stock/other_test.cc": include('"http/test_visitor.h"'),
    },
    /rooms\.cmake: services\/stock does not need http/,
  ],
  "an include of what only tests may": [
    {
      "cmake/rooms.cmake": declared("stampede_room(services/stock SANITIZE address USES model TESTS_USE repositories)\n" +
        "stampede_room(repositories)"),
      "src/repositories/a.h": "",
      "src/services/stock/other_test.cc": include('"repositories/a.h"'),
      "src/services/stock/other.cc": include('"repositories/a.h"'),
    },
    /stock\/other\.cc: services\/stock may not include repositories/,
  ],
  "a room among TESTS_USE that is not needed": [
    { "cmake/rooms.cmake": declared("stampede_room(services/stock SANITIZE address USES model TESTS_USE http)") },
    /rooms\.cmake: services\/stock does not need http/,
  ],
  "a library among LINKS that only tests need": [
    {
      "cmake/rooms.cmake": declared("stampede_room(model SANITIZE address LINKS fmt::fmt)"),
      "src/model/other_test.cc": include("<fmt/core.h>"),
    },
    /rooms\.cmake: model does not need fmt::fmt/,
  ],
  "a library among LINKS that is not needed": [
    { "cmake/rooms.cmake": declared("stampede_room(model SANITIZE address LINKS fmt::fmt)") },
    /rooms\.cmake: model does not need fmt::fmt/,
  ],
  "a room that is used and not there": [
    { "cmake/rooms.cmake": declared("stampede_room(services/stock SANITIZE address USES model other)") },
    /rooms\.cmake: services\/stock uses other, which is no room/,
    /rooms\.cmake: services\/stock does not need other/,
  ],
  "a circle": [
    {
      "cmake/rooms.cmake": declared("stampede_room(model SANITIZE address USES services/stock)"),
      "src/model/sale.cc": include('"services/stock/stock.h"'),
    },
    /rooms\.cmake: a circle among model, http, services\/stock/,
  ],
  "a room with tests and without SANITIZE": [
    { "cmake/rooms.cmake": declared("stampede_room(model)") },
    /rooms\.cmake: model has tests and says no SANITIZE/,
  ],
  "a lock without SANITIZE thread": [
    { "src/model/sale.cc": include("<mutex>") },
    /src\/model\/sale\.cc: model has a lock and no SANITIZE thread/,
  ],
  "a lock of concurrency without SANITIZE thread": [
    {
      "cmake/rooms.cmake": declared("stampede_room(model SANITIZE address USES concurrency)\n" +
        "stampede_room(concurrency)"),
      "src/concurrency/mutex.h": "",
      "src/model/sale.cc": include('"concurrency/mutex.h"'),
    },
    /src\/model\/sale\.cc: model has a lock and no SANITIZE thread/,
  ],
  "a lock that the thread-safety analysis does not see": [
    { "src/model/sale_test.cc": `${rooms["src/model/sale_test.cc"]}std::shared_mutex a;\n` },
    /src\/model\/sale_test\.cc: a lock that the thread-safety analysis does not see/,
  ],
  "such a lock of a test that is in no room": [
    { "tests/support/crowd.h": "  const std::lock_guard lock(mutex_);\n" },
    /tests\/support\/crowd\.h: a lock that the thread-safety analysis does not see/,
  ],
  "a sanitizer that there is not": [
    { "cmake/rooms.cmake": declared("stampede_room(model SANITIZE adress)") },
    /rooms\.cmake: model names no sanitizer by SANITIZE adress/,
  ],
};
for (const [name, [changes, ...messages]] of Object.entries(crossings)) {
  test(`${name} is found`, () => {
    const { status, output } = checkRooms(changes);
    assert.notEqual(status, 0, output);
    for (const message of messages) assert.match(output, message);
    assert.equal(output.match(/^ {4}\S/gm)?.length, messages.length, output);
  });
}

/// `head`, a brace, and so many lines that the whole has `length`.
const bodyOf = (head, length) => `${head} {\n${"  go();\n".repeat(length - head.split("\n").length - 1)}}`;
const checkFunctions = (source) =>
  runOn(
    { "src/a.cc": source, "tests/b.cc": "void b() {}\n", "bench/c.cc": "void c() {}\n" },
    "node",
    join(CHECKS, "check_functions.mjs"),
    "ROOT",
  );

/// Heads of functions, and the names that they are told of by.
const heads = {
  run: "void run(int a = 1)",
  "Shop::Shop": "Shop::Shop(int a)\n    : a_{a}, b_({.c = [](int d) { return d; }})",
  get: "template <class T = int>\nT get(T value)",
  big: "template <class T, class = std::enable_if_t<(sizeof(T) > 4)>>\nstd::vector<std::vector<T>> big(T value)",
  operator: "bool operator==(const Sale& other) const",
  kRun: "constexpr auto kRun = [](int a)",
  quiet: "const auto quiet = []",
};
for (const [name, head] of Object.entries(heads)) {
  for (const [place, before, after] of [
    ["a namespace", "namespace shop {\n", "\n}  // namespace shop\n"],
    ["a class", "class Shop {\n public:\n", ";\n};\n"],
  ]) {
    test(`a function of 71 lines is found in ${place}: ${head.replaceAll("\n", " ")}`, () => {
      const { status, output } = checkFunctions(before + bodyOf(head, 71) + after);
      assert.notEqual(status, 0, output);
      assert.match(output, new RegExp(`src/a\\.cc:${before.split("\n").length}: ${name}\\S* has 71 lines`));
    });
    test(`nothing is said of one of 70 lines in ${place}: ${head.replaceAll("\n", " ")}`, () => {
      const { status, output } = checkFunctions(before + bodyOf(head, 70) + after);
      assert.equal(status, 0, output);
    });
  }
}

test("what only looks like a brace, and a table, are no function", () => {
  const lines = "  1,\n".repeat(80);
  const { status, output } = checkFunctions(
    `void a() { b("{"); }  // {\nconst char* kText = R"(\n{ (\n)";\nconstexpr int kTable[] = {\n${lines}};\n`,
  );
  assert.equal(status, 0, output);
  assert.match(output, /3 functions/);
});

const checkFormat = (source) =>
  runOn(
    { ".clang-format": "BasedOnStyle: Google\n", "src/a.cc": source },
    "cmake",
    ...["-D", "SOURCE_DIR=ROOT", "-D", "CLANG_FORMAT=clang-format-14", "-P", join(CHECKS, "check_format.cmake")],
  );

test("a source that is not laid out as .clang-format says is found", () => {
  const { status, output } = checkFormat("int  a() { return 1;}\n");
  assert.notEqual(status, 0, output);
  assert.match(output, /^ {4}src\/a\.cc$/m);
});

test("nothing is said of one that is", () => {
  const { status, output } = checkFormat("int a() { return 1; }\n");
  assert.equal(status, 0, output);
  assert.match(output, /1 files are/);
});

/// What the check says of an object with so many functions, and `extra`: linkers leave out some entries of no length.
function checkUnwindTable(functions, extra = "") {
  const root = mkdtempSync(join(tmpdir(), "stampede-unwind-"));
  try {
    const each = ".cfi_startproc\n nop\n .cfi_endproc\n";
    writeFileSync(join(root, "a.s"), `.text\n.rept ${functions}\n${each}.endr\n${extra}`);
    execFileSync("cc", ["-c", join(root, "a.s"), "-o", join(root, "a.o")]);
    const program = ["-D", "READELF=readelf", "-D", `PROGRAM=${join(root, "a.o")}`];
    return spawnSync("cmake", [...program, "-P", join(CHECKS, "check_unwind_tables.cmake")], { encoding: "utf8" });
  } finally {
    rmSync(root, { recursive: true });
  }
}

test("an entry of no length in an unwind table is found", () => {
  const { status, stderr } = checkUnwindTable(1_000, ".cfi_startproc\n .cfi_endproc\n nop\n");
  assert.notEqual(status, 0);
  assert.match(stderr.replace(/\s+/g, " "), /has an entry of no length at [0-9a-f]+/);
});

test("nothing is said of an unwind table whose entries all have a length", () => {
  const { status, stderr } = checkUnwindTable(1_000);
  assert.equal(status, 0, stderr);
});

test("an unwind table that cannot be that of the program is found", () => {
  const { status, stderr } = checkUnwindTable(999);
  assert.notEqual(status, 0);
  assert.match(stderr, /only 999 entries/);
});

test("a repository without a function is found", () => {
  const { status, output } = runOn(
    { "src/a.h": "", "tests/a.h": "", "bench/a.h": "" },
    "node",
    join(CHECKS, "check_functions.mjs"),
    "ROOT",
  );
  assert.notEqual(status, 0);
  assert.match(output, /no function below/);
});
