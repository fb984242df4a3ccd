#include "tests/crowd/answer_log.h"

#include <fmt/format.h>

#include <cerrno>
#include <iterator>
#include <system_error>

namespace stampede::crowd {

AnswerLog::AnswerLog(const std::filesystem::path& path) {
  if (path.empty()) return;
  file_.reset(std::fopen(path.c_str(), "we"));
  if (!file_) throw std::system_error(errno, std::generic_category(), path.string());
}

void AnswerLog::append(const AnswerLine& line) {
  if (!file_) return;
  fmt::memory_buffer text;
  // Keys and slugs hold no character that JSON would escape.
  fmt::format_to(std::back_inserter(text),
                 R"({{"buyer":{},"product":{},"key":"{}","status":{},"result":"{}")", line.buyer,
                 line.product, line.key, line.status, line.result);
  if (line.order != 0) fmt::format_to(std::back_inserter(text), R"(,"order":{})", line.order);
  text.append(std::string_view("}\n"));
  std::fwrite(text.data(), 1, text.size(), file_.get());
}

void AnswerLog::close() {
  if (!file_) return;
  const bool failed = std::ferror(file_.get()) != 0;
  if (std::fclose(file_.release()) != 0 || failed) {
    throw std::system_error(errno, std::generic_category(), "writing the answers");
  }
}

}  // namespace stampede::crowd
