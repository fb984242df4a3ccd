// Sealed tokens (identity/key_ring.h) and what is in them: the session's cookie, the captcha's
// pass, the cookie of a device. A token is good for one purpose, and no other bytes are the same
// token.
#include <array>
#include <fstream>
#include <string>

#include "captcha/captcha.h"
#include "identity/base64url.h"
#include "identity/claims.h"
#include "identity/key_ring.h"
#include "services/accounts/devices.h"
#include "services/accounts/sessions.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/temp_dir.h"

namespace stampede::fuzz {
namespace {

using identity::ClaimReader;
using identity::ClaimWriter;
using identity::Purpose;
using services::accounts::Devices;
using services::accounts::Sessions;

constexpr std::array kPurposes{Purpose::kSession,     Purpose::kCaptchaChallenge,
                               Purpose::kCaptchaPass, Purpose::kForm,
                               Purpose::kPeer,        Purpose::kOperator,
                               Purpose::kDevice,      Purpose::kSentPurchase,
                               Purpose::kSecondFactor};
static_assert(kPurposes.size() == identity::kPurposes);
constexpr Instant kNow{std::chrono::hours{500'000}};  // in 2027

/// With the same keys in every run, so that corpus/ can hold tokens.
const identity::KeyRing& ring() {
  static const test_support::TempDir folder;
  static const identity::KeyRing instance([] {
    const auto path = folder.path() / "keys";
    std::ofstream(path) << "stampede-keys 1\ncurrent 1 " << std::string(64, 'a')
                        << "\nprevious none\n";
    std::filesystem::permissions(path, std::filesystem::perms{0600});
    return path;
  }());
  return instance;
}

const Sessions& sessions() {
  static const Sessions instance(ring());
  return instance;
}

captcha::Subject subject() {
  return {UserId{1}, ProductId{2}, *IdempotencyKey::parse("0123456789abcdef")};
}

bool check_base64(std::string_view text) {
  std::array<unsigned char, 2048> out;
  const auto size = identity::decode_base64url(text, out);
  const std::span<const unsigned char> raw(reinterpret_cast<const unsigned char*>(text.data()),
                                           std::min(text.size(), out.size()));
  const std::string encoded = identity::encode_base64url(raw);
  std::array<unsigned char, 2048> again;
  require(identity::decode_base64url(encoded, again) == raw.size() &&
              std::ranges::equal(raw, std::span(again).first(raw.size())),
          "decode(encode(bytes)) is bytes");
  if (!size) return false;
  require(identity::encode_base64url(std::span(out).first(*size)) == text,
          "encode(decode(text)) is text, so no two texts are one token");
  return true;
}

/// A stranger's bytes as a token.
bool check_raw(std::string_view token) {
  check_base64(token);
  std::size_t good_for = 0;
  for (const Purpose purpose : kPurposes) good_for += ring().open(purpose, token).has_value();
  require(good_for <= 1, "a token is good for one purpose");
  const bool session = sessions().authenticate(token, kNow).has_value();
  const bool pass = captcha::Tokens(ring()).pass_valid(token, subject(), kNow);
  require(!session || ring().open(Purpose::kSession, token), "a session is a session's token");
  require(!pass || ring().open(Purpose::kCaptchaPass, token), "a pass is a pass's token");
  return good_for == 1;
}

/// A token of ours with one bit changed.
void check_changed(const std::string& token, Purpose purpose, std::size_t where) {
  std::string changed = token;
  char& c = changed[where % changed.size()];
  c = static_cast<char>(c ^ 1 << where % 7);
  require(!ring().open(purpose, changed), "a changed token opens nothing");
}

/// A stranger's bytes as claims, as if an earlier or later release had sealed them.
bool check_claims(std::string_view claims, Purpose purpose, std::size_t where) {
  if (claims.size() > identity::KeyRing::kMaxClaims) return false;
  const std::string token = ring().seal(purpose, claims);
  require(ring().open(purpose, token) == claims, "open(seal(claims)) is claims");
  check_changed(token, purpose, where);
  ClaimReader reader(claims);
  const std::array numbers{reader.integer(), reader.integer(), reader.integer()};
  const auto session = sessions().authenticate(token, kNow);
  if (session) {
    require(purpose == Purpose::kSession, "a session's token is sealed as one");
    require(claims.size() == 32 && session->value == numbers[0], "a session names its user");
    require(numbers[2] > kNow.time_since_epoch().count(), "a session has not expired");
  }
  const bool pass = captcha::Tokens(ring()).pass_valid(token, subject(), kNow);
  require(!pass || purpose == Purpose::kCaptchaPass, "a pass is sealed as one");
  require(
      !pass || (numbers[0] > kNow.time_since_epoch().count() && numbers[1] == 1 && numbers[2] == 2),
      "a pass is its buyer's, for its product, and has not expired");
  const bool device = Devices(ring()).find(token, "lena", kNow).has_value();
  require(!device || purpose == Purpose::kDevice, "a device is sealed as one");
  require(!device || claims.find("\4lena") != claims.npos, "a device is its account's");
  return session || pass || device;
}

}  // namespace

bool accepts(std::string_view bytes) {
  Choices choices(bytes);
  const std::size_t kind = choices.below(1 + kPurposes.size());
  const std::size_t where = choices.below(256);
  if (kind == 0) return check_raw(bytes);
  return check_claims(bytes, kPurposes[kind - 1], where);
}

}  // namespace stampede::fuzz
