#include "repositories/sql/orders/quarantine.h"

#include <string>

#include "repositories/sql/connection/rows.h"

namespace stampede::repositories::sql {
namespace {

constexpr std::size_t kBodyBytes = 8'000;
constexpr std::size_t kReasonBytes = 200;

std::string hexadecimal(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 0xf];
  }
  return text;
}

/// A reason may quote the message, which may hold any bytes; the column takes printable ASCII.
std::string printable(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c < ' ' || c > '~') c = '?';
  }
  return result;
}

}  // namespace

void SqlQuarantine::put(std::int32_t shard, std::string_view body, std::string_view reason,
                        Instant now) {
  const std::string its_body = hexadecimal(body.substr(0, kBodyBytes));
  const std::string its_reason = printable(reason.substr(0, kReasonBytes));
  const auto created_at = to_column(now);
  database_.write([&](soci::session& session) {
    session << "INSERT INTO quarantine (shard, body, reason, created_at) "
               "VALUES (:shard, :body, :reason, :created_at)",
        soci::use(shard), soci::use(its_body), soci::use(its_reason), soci::use(created_at);
  });
}

std::int64_t SqlQuarantine::count() {
  return database_.read([](soci::session& session) {
    std::int64_t rows = 0;
    session << "SELECT COUNT(*) FROM quarantine", soci::into(rows);
    return rows;
  });
}

}  // namespace stampede::repositories::sql
