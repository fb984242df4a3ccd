#include "app/terminal/table.h"

#include <gtest/gtest.h>

namespace stampede::app {
namespace {

TEST(Table, AlignsByCharactersAndPutsNumbersToTheRight) {
  Table table({"id", "name", "state"});
  table.add({"1", "Räv", "on"});
  table.add({"100", "Lamp", "-"});
  EXPECT_EQ(table.text(),
            " id  name  state\n"
            "  1  Räv   on\n"
            "100  Lamp  -\n");
}

TEST(Table, NothingInItSteersATerminal) {
  Table table({"name"});
  table.add({"\x1b]0;fox\u202egnp\n"});  // stored by an older release
  EXPECT_EQ(table.text(), "name\n\\u{1b}]0;fox\\u{202e}gnp\\n\n");
}

TEST(Table, WithoutRowsIsItsHead) { EXPECT_EQ(Table({"id", "name"}).text(), "id  name\n"); }

}  // namespace
}  // namespace stampede::app
