#include "views/console/csv.h"

#include <gtest/gtest.h>

namespace stampede::views {
namespace {

std::string cell(std::string_view text) {
  std::string line;
  CsvLine(line).text(text).end();
  return line;
}

TEST(Csv, LinesAreAsRfc4180HasThem) {
  std::string out;
  CsvLine(out).plain("order").plain("name").end();
  CsvLine(out).number(7).text("a \"b\", c\r\nd").plain("").number(0).end();
  EXPECT_EQ(out, "order,name\r\n7,\"a \"\"b\"\", c\r\nd\",,0\r\n");
  EXPECT_EQ(cell(""), "\"\"\r\n");
  EXPECT_EQ(cell("Lamp <b>ü</b>"), "\"Lamp <b>ü</b>\"\r\n");
}

TEST(Csv, NoTextIsAFormula) {
  for (const char* text :
       {"=1+1",      "+1",       "-1",         "@SUM(A1)", "\t=1",  "\r=1",     "\n=1",
        "\tx",       "\rx",      "\nx",        " =1",      "   +1", "\u00a0=1", "\u3000-1",
        "\ufeff=1",  "\u200b@x", " \u2009 =1", "＝1",      "＋1",   "－1",      "＠x",
        "\u3000＝1", "﹦1",      "﹢1",        "﹣1",      "﹫x",   "−1"}) {
    EXPECT_TRUE(looks_like_formula(text)) << text;
    EXPECT_EQ(cell(text), "\"'" + std::string(text) + "\"\r\n");
  }
  EXPECT_EQ(cell("=\"a\""), "\"'=\"\"a\"\"\"\r\n");
}

TEST(Csv, OtherTextIsLeftAlone) {
  for (const char* text :
       {"", " ", "a=1", "1-1", "é", "'=1", "\"=1", "a@b", "（", " a", "\u3000"}) {
    EXPECT_FALSE(looks_like_formula(text)) << text;
  }
}

}  // namespace
}  // namespace stampede::views
