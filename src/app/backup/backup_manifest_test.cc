#include "app/backup/backup_manifest.h"

#include <gmock/gmock.h>

namespace stampede::app {
namespace {

using testing::HasSubstr;

constexpr std::string_view kWritten =
    R"({"format":1,"created_at":"2026-11-22T08:24:00.000Z","schema":9,)"
    R"("database":{"bytes":4096,"sha256":"ab"},"keys":{"bytes":172,"sha256":"cd"},)"
    R"("sales":1,"orders":593,"clean":true})"
    "\n";

TEST(BackupManifest, IsReadAsItIsWritten) {
  const auto manifest = parse_backup_manifest(kWritten);
  ASSERT_TRUE(manifest) << manifest.error();
  EXPECT_EQ(manifest->database.bytes, 4096);
  EXPECT_EQ(as_json(*manifest), kWritten);
}

TEST(BackupManifest, WhatIsNoneIsRefusedInWords) {
  for (const char* text :
       {"", "[]", "5", "{}", R"({"format":"1"})", R"({"format":1})",
        R"({"format":1,"created_at":5})", R"({"format":1,"created_at":"2026-11-22T08:24:00Z"})"}) {
    const auto manifest = parse_backup_manifest(text);
    ASSERT_FALSE(manifest) << text;
    EXPECT_THAT(manifest.error(), HasSubstr("as `stampede backup` wrote it")) << text;
  }
  EXPECT_THAT(parse_backup_manifest(R"({"format":2})").error(), HasSubstr("newer stampede"));
  EXPECT_THAT(parse_backup_manifest(R"({"format":1,"created_at":"yesterday"})").error(),
              HasSubstr("created_at"));
}

}  // namespace
}  // namespace stampede::app
