#include "repositories/catalog/samples.h"

#include <gmock/gmock.h>

#include "repositories/sql/test_database.h"

namespace stampede::repositories::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct SamplesTest : OnEveryEngine {
  Samples& samples = shop.repositories.samples();

  static StoredSample sample(std::int64_t sale, std::int64_t ms, std::string body) {
    return {.sale = {sale}, .at = at(ms), .body = std::move(body)};
  }
};
INSTANTIATE_TEST_SUITE_P(On, SamplesTest, every_engine(), testing::PrintToStringParamName());

TEST_P(SamplesTest, AreReadInOrderOfTimeSinceAnInstant) {
  samples.append({});
  samples.append(std::vector{sample(1, 3'000, "c"), sample(2, 1'000, "other"),
                             sample(1, 1'000, R"({"a":"é"})")});
  samples.append(std::vector{sample(1, 2'000, "b")});
  EXPECT_THAT(
      samples.of({1}, at(0), 10),
      ElementsAre(sample(1, 1'000, R"({"a":"é"})"), sample(1, 2'000, "b"), sample(1, 3'000, "c")));
  EXPECT_THAT(samples.of({1}, at(1'000), 1), ElementsAre(sample(1, 2'000, "b")));
  EXPECT_THAT(samples.of({1}, at(3'000), 10), IsEmpty());
  EXPECT_THAT(samples.of({3}, at(0), 10), IsEmpty());
}

TEST_P(SamplesTest, TheFirstOfASecondStands) {
  samples.append(std::vector{sample(1, 1'000, "first")});
  samples.append(std::vector{sample(1, 1'000, "second"), sample(1, 2'000, "next")});
  EXPECT_THAT(samples.of({1}, at(0), 10),
              ElementsAre(sample(1, 1'000, "first"), sample(1, 2'000, "next")));
}

TEST_P(SamplesTest, ALongBodyIsKeptWhole) {
  const std::string body(8'000, 'x');
  samples.append(std::vector{sample(1, 1'000, body)});
  EXPECT_EQ(samples.of({1}, at(0), 1).at(0).body, body);
}

}  // namespace
}  // namespace stampede::repositories::sql
