// Files that operators bring: the log of answers for `stampede audit`, a backup's manifest, the key
// file.
#include <string>

#include "app/backup/backup_manifest.h"
#include "identity/key_file.h"
#include "services/audit/answer_log.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/memory_file.h"

namespace stampede::fuzz {
namespace {

bool check_answers(std::string_view text) {
  services::audit::AnswerLog log(SaleId{1}, ProductId{1});
  bool good = false;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    good = log.add(text.substr(0, end)).has_value() || good;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  for (const auto& [want, outcome] : log.outcomes()) {
    require(want.buyer.value >= 1, "a line names a buyer");
    require(outcome.promised.value >= 0, "an order's number is not negative");
    require(outcome.last != services::audit::Outcome::Last::kYes || outcome.promised,
            "a yes names its order");
  }
  for (const auto& contradiction : log.contradictions()) {
    require(contradiction.first != contradiction.then, "a contradiction is between two orders");
  }
  return good;
}

bool check_manifest(std::string_view text) {
  const auto manifest = app::parse_backup_manifest(text);
  if (!manifest) {
    require(!manifest.error().empty(), "a refusal says what was wrong");
    return false;
  }
  const std::string written = app::as_json(*manifest);
  const auto again = app::parse_backup_manifest(written);
  require(again && app::as_json(*again) == written, "a manifest is read as it is written");
  return true;
}

bool check_keys(std::string_view text) {
  const MemoryFile file(text);
  try {
    const identity::KeyFile keys = identity::read_key_file(file.path());
    require(!keys.previous || keys.previous->id != keys.current.id, "two keys have two ids");
    require(text.size() <= 512, "a key file is short");
    return true;
  } catch (const identity::KeyFileError&) {
    return false;
  }
}

}  // namespace

bool accepts(std::string_view bytes) {
  switch (Choices(bytes).below(3)) {
    case 0:
      return check_answers(bytes);
    case 1:
      return check_manifest(bytes);
    default:
      return check_keys(bytes);
  }
}

}  // namespace stampede::fuzz
