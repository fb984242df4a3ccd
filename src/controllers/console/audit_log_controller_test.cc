#include "controllers/console/audit_log_controller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/console/test_console.h"

namespace stampede::controllers {
namespace {

using testing::HasSubstr;
using testing::Not;

class AuditLogControllerTest : public testing::Test {
 protected:
  AuditLogControllerTest() {
    controller_.add_routes(console_.router, console_.guard);
    console_.log_in();
  }

  TestConsole console_;
  views::ConsoleAuditPages pages_{console_.pages};
  AuditLogController controller_{{console_.journal, pages_, console_.pages}};
};

TEST_F(AuditLogControllerTest, ShowsChangesNewestFirstInPages) {
  EXPECT_THAT(console_.html("/audit-log"), HasSubstr("Nothing was changed"));
  for (int i = 1; i <= 101; ++i) {
    console_.log.append("cli:root", "sale end", "sale " + std::to_string(i), console_.now.wall);
  }
  const auto first = console_.html("/audit-log");
  EXPECT_LT(first.find(">sale 101<"), first.find(">sale 2<"));
  EXPECT_THAT(first, Not(HasSubstr(">sale 1<")));
  EXPECT_THAT(first, HasSubstr("href=\"/audit-log?before=2\""));
  EXPECT_THAT(first, HasSubstr("cli:root"));
  EXPECT_THAT(first, HasSubstr("2026-11-22 08:24:00 UTC"));
  const auto last = console_.html("/audit-log?before=2");
  EXPECT_THAT(last, HasSubstr(">sale 1<"));
  EXPECT_THAT(last, Not(HasSubstr("rel=\"next\"")));
  for (const char* before : {"0", "x", "-1", ""}) {
    EXPECT_EQ(console_.browser.get(std::string("/audit-log?before=") + before).status, 400);
  }
}

}  // namespace
}  // namespace stampede::controllers
