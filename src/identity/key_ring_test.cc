#include "identity/key_ring.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <latch>
#include <set>
#include <sstream>
#include <thread>
#include <vector>

#include "identity/base64url.h"
#include "tests/support/temp_dir.h"

namespace stampede::identity {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// A folder of this test alone, with the path of a key file in it.
class KeyRingTest : public testing::Test {
 protected:
  std::string content() const {
    std::ifstream file(path_);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  void write(const std::string& text) const {
    std::filesystem::remove(path_);
    const int file = ::open(path_.c_str(), O_WRONLY | O_CREAT, 0600);
    ASSERT_GE(file, 0);
    ASSERT_EQ(::write(file, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    ::close(file);
  }
  /// What the error says when the file is opened.
  std::string refusal() const {
    try {
      const KeyRing ring(path_);
    } catch (const KeyFileError& error) {
      return error.what();
    }
    return "accepted";
  }

  const test_support::TempDir temporary_;
  const std::filesystem::path folder_ = temporary_.path();
  const std::filesystem::path path_ = folder_ / "keys";
};

TEST_F(KeyRingTest, OpensWhatItSealed) {
  KeyRing::create(path_);
  const KeyRing ring(path_);
  for (std::size_t size : {0u, 1u, 2u, 3u, 31u, 32u, 33u, 200u, 1024u}) {
    const std::string claims(size, 'c');
    EXPECT_EQ(ring.open(Purpose::kSession, ring.seal(Purpose::kSession, claims)), claims);
  }
  EXPECT_THROW(ring.seal(Purpose::kSession, std::string(1025, 'c')), std::length_error);
}

TEST_F(KeyRingTest, HasTheLayoutOfTheDesign) {
  KeyRing::create(path_);
  const KeyRing ring(path_);
  const std::string token = ring.seal(Purpose::kSession, "claims");
  std::array<unsigned char, 64> bytes;
  EXPECT_EQ(decode_base64url(token, bytes), 1 + 1 + 12 + 6 + 16);
  EXPECT_EQ(bytes[0], 1);  // version
  EXPECT_EQ(bytes[1], 1);  // the id of a first key
}

TEST_F(KeyRingTest, RefusesEveryFlippedBitAndEveryOtherCharacter) {
  KeyRing::create(path_);
  const KeyRing ring(path_);
  for (const std::size_t size :
       {30u, 31u, 32u}) {  // with 0, 2 and 1 characters after the last four
    const std::string token = ring.seal(Purpose::kSession, std::string(size, 'c'));
    for (std::size_t i = 0; i < token.size(); ++i) {
      for (int c = 0; c < 256; ++c) {
        std::string changed = token;
        changed[i] = static_cast<char>(c);
        if (changed == token) continue;
        ASSERT_EQ(ring.open(Purpose::kSession, changed), std::nullopt) << i << " to " << c;
      }
    }
  }
}

TEST_F(KeyRingTest, RefusesWhatIsCutShortOrLonger) {
  KeyRing::create(path_);
  const KeyRing ring(path_);
  const std::string token = ring.seal(Purpose::kSession, "0123456789");
  for (std::size_t size = 0; size < token.size(); ++size) {
    EXPECT_EQ(ring.open(Purpose::kSession, token.substr(0, size)), std::nullopt) << size;
  }
  EXPECT_EQ(ring.open(Purpose::kSession, token + "A"), std::nullopt);
  EXPECT_EQ(ring.open(Purpose::kSession, token + "="), std::nullopt);
  EXPECT_EQ(ring.open(Purpose::kSession, std::string(100'000, 'A')), std::nullopt);
}

TEST_F(KeyRingTest, RefusesAnotherPurposeAndAnotherRing) {
  KeyRing::create(path_);
  const KeyRing ring(path_);
  KeyRing::create(folder_ / "other");
  const KeyRing other(folder_ / "other");
  constexpr Purpose kAll[] = {
      Purpose::kSession, Purpose::kCaptchaChallenge, Purpose::kCaptchaPass, Purpose::kForm,
      Purpose::kPeer,    Purpose::kOperator,         Purpose::kDevice};
  for (const Purpose sealed_for : kAll) {
    const std::string token = ring.seal(sealed_for, "claims");
    EXPECT_EQ(other.open(sealed_for, token), std::nullopt);
    for (const Purpose opened_for : kAll) {
      EXPECT_EQ(ring.open(opened_for, token).has_value(), opened_for == sealed_for);
    }
  }
}

TEST_F(KeyRingTest, AfterARotationThePreviousKeyOpensAndTheOneBeforeDoesNot) {
  KeyRing::create(path_);
  KeyRing ring(path_);
  EXPECT_FALSE(ring.reload());
  const std::string first = ring.seal(Purpose::kSession, "first");

  KeyRing::rotate(path_);
  EXPECT_TRUE(ring.reload());
  EXPECT_FALSE(ring.reload());
  const std::string second = ring.seal(Purpose::kSession, "second");
  EXPECT_EQ(ring.open(Purpose::kSession, first), "first");
  EXPECT_EQ(ring.open(Purpose::kSession, second), "second");

  KeyRing::rotate(path_);
  EXPECT_TRUE(ring.reload());
  EXPECT_EQ(ring.open(Purpose::kSession, first), std::nullopt);
  EXPECT_EQ(ring.open(Purpose::kSession, second), "second");
}

TEST_F(KeyRingTest, KeyIdsWrapAndStayDistinct) {
  KeyRing::create(path_);
  KeyRing ring(path_);
  for (int i = 0; i < 300; ++i) {
    const std::string before = ring.seal(Purpose::kForm, "before");
    KeyRing::rotate(path_);
    ASSERT_TRUE(ring.reload());
    ASSERT_EQ(ring.open(Purpose::kForm, before), "before");
  }
}

TEST_F(KeyRingTest, TwoRotationsAtOnceAreTwoRotations) {
  KeyRing::create(path_);
  constexpr int kThreads = 4;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) threads.emplace_back([this] { KeyRing::rotate(path_); });
  }
  EXPECT_EQ(read_key_file(path_).current.id, 1 + kThreads);
  EXPECT_EQ(read_key_file(path_).previous->id, kThreads);
}

TEST_F(KeyRingTest, CreatesAPrivateFileAndNeverOverwrites) {
  const mode_t before = ::umask(0);
  KeyRing::create(path_);
  ::umask(before);
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);

  const std::string text = content();
  EXPECT_THROW(KeyRing::create(path_), KeyFileError);
  EXPECT_EQ(content(), text);
  // Drafts are gone.
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(KeyRingTest, RefusesAFileOthersCanReach) {
  KeyRing::create(path_);
  for (const mode_t mode : {0644u, 0640u, 0604u, 0620u, 0601u}) {
    ASSERT_EQ(::chmod(path_.c_str(), mode), 0);
    std::ostringstream octal;
    octal << '0' << std::oct << mode;
    EXPECT_THAT(refusal(), AllOf(HasSubstr(path_.string()), HasSubstr(octal.str()),
                                 HasSubstr("expected 0600")));
    EXPECT_THROW(KeyRing::rotate(path_), KeyFileError);
  }
  ASSERT_EQ(::chmod(path_.c_str(), 0400), 0);
  EXPECT_EQ(refusal(), "accepted");
}

TEST_F(KeyRingTest, RefusesAMissingFileAndAFolder) {
  EXPECT_THAT(refusal(), AllOf(HasSubstr(path_.string()), HasSubstr("is missing")));
  EXPECT_THROW(KeyRing::rotate(path_), KeyFileError);
  EXPECT_THROW(KeyRing::create(folder_ / "nowhere" / "keys"), KeyFileError);
  std::filesystem::create_directory(path_);
  EXPECT_THAT(refusal(), HasSubstr("not a regular file"));
}

TEST_F(KeyRingTest, RefusesAFileCutShortAnywhere) {
  KeyRing::create(path_);
  KeyRing::rotate(path_);
  const std::string text = content();
  for (std::size_t size = 0; size < text.size(); ++size) {
    write(text.substr(0, size));
    EXPECT_THAT(refusal(), HasSubstr("expected")) << size;
  }
}

TEST_F(KeyRingTest, RefusesGarbage) {
  const std::string digits(64, 'a');
  const std::string head = "stampede-keys 1\n";
  const std::string current = "current 7 " + digits + "\n";
  for (const std::string& text :
       {std::string("-----BEGIN PRIVATE KEY-----\n"), std::string(100'000, '\0'),
        "stampede-keys 2\n" + current + "previous none\n",
        head + "current 256 " + digits + "\nprevious none\n",
        head + "current -1 " + digits + "\nprevious none\n",
        head + "current 7 " + std::string(63, 'a') + "g\nprevious none\n",
        head + current + "previous 7 " + digits + "\n", head + current + "previous none\nmore"}) {
    write(text);
    EXPECT_THAT(refusal(), AllOf(HasSubstr(path_.string()), HasSubstr("expected")));
  }
  write(head + current + "previous none\n");
  EXPECT_EQ(refusal(), "accepted");
}

TEST_F(KeyRingTest, AReloadThatFailsLeavesTheKeys) {
  KeyRing::create(path_);
  KeyRing ring(path_);
  const std::string token = ring.seal(Purpose::kSession, "claims");
  const std::string text = content();
  write("garbage");
  EXPECT_THROW(ring.reload(), KeyFileError);
  EXPECT_THROW(ring.reload(), KeyFileError);
  std::filesystem::remove(path_);
  EXPECT_THROW(ring.reload(), KeyFileError);
  EXPECT_EQ(ring.open(Purpose::kSession, token), "claims");
  write(text);
  EXPECT_FALSE(ring.reload());  // another file, the same keys
  EXPECT_EQ(ring.open(Purpose::kSession, token), "claims");
}

TEST_F(KeyRingTest, NoTwoNoncesAreAlike) {
  KeyRing::create(path_);
  const KeyRing ring(path_);
  constexpr int kThreads = 4;
  constexpr int kSeals = 5'000;
  std::vector<std::vector<std::string>> nonces(kThreads);
  {
    std::vector<std::jthread> threads;
    for (auto& mine : nonces) {
      threads.emplace_back([&ring, &mine] {
        for (int i = 0; i < kSeals; ++i) {
          std::array<unsigned char, 64> bytes;
          ASSERT_TRUE(decode_base64url(ring.seal(Purpose::kSession, "c"), bytes));
          mine.emplace_back(bytes.begin() + 2, bytes.begin() + 14);
        }
      });
    }
  }
  std::set<std::string> seen;
  for (const auto& mine : nonces) seen.insert(mine.begin(), mine.end());
  EXPECT_EQ(seen.size(), kThreads * kSeals);
}

// Threads seal and open while the file is rotated and reloaded: a token opens at least until the
// second rotation after it. Each thread opens a token before it seals the next, and the rotator
// waits for every thread to have done so between two rotations.
TEST_F(KeyRingTest, SealsAndOpensWhileKeysChange) {
  KeyRing::create(path_);
  KeyRing ring(path_);
  constexpr int kThreads = 3;
  constexpr int kRotations = 50;
  std::atomic<bool> stop{false};
  std::array<std::atomic<std::uint64_t>, kThreads> rounds{};
  std::vector<std::jthread> threads;
  for (auto& round : rounds) {
    threads.emplace_back([&ring, &stop, &round] {
      while (!stop) {
        const std::string token = ring.seal(Purpose::kSession, "claims");
        EXPECT_EQ(ring.open(Purpose::kSession, token), "claims");
        ++round;
        round.notify_all();
      }
    });
  }
  for (int i = 0; i < kRotations; ++i) {
    KeyRing::rotate(path_);
    EXPECT_TRUE(ring.reload());
    for (auto& round : rounds) {
      const std::uint64_t seen = round;
      for (std::uint64_t now = seen; now < seen + 2; now = round) round.wait(now);
    }
  }
  stop = true;
}

}  // namespace
}  // namespace stampede::identity
