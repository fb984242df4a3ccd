#include "app/fronts/ca_file.h"

#include <gmock/gmock.h>

#include <fstream>

#include "tests/support/temp_dir.h"

namespace stampede::app {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(CaFile, HasACertificateOrIsSaidToHaveNone) {
  const test_support::TempDir folder;
  const auto file = folder.path() / "ca.pem";
  EXPECT_THAT(ca_file_errors("webhooks.ca_file", ""), IsEmpty());
  const auto refused = ElementsAre(AllOf(HasSubstr("webhooks.ca_file: "), HasSubstr("ca.pem"),
                                         HasSubstr("expected a PEM file")));
  EXPECT_THAT(ca_file_errors("webhooks.ca_file", file), refused) << "it is not there";
  std::ofstream(file) << "no certificate\n";
  EXPECT_THAT(ca_file_errors("webhooks.ca_file", file), refused);
  std::ofstream(file) << "-----BEGIN CERTIFICATE-----\n";
  EXPECT_THAT(ca_file_errors("webhooks.ca_file", file), IsEmpty());
}

}  // namespace
}  // namespace stampede::app
