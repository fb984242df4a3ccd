#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string_view>

namespace stampede::crowd {

/// One attempt and what came of it, as `stampede audit --answers` reads it: one JSON object a line.
struct AnswerLine {
  std::int64_t buyer = 0;
  std::int64_t product = 0;
  std::string_view key;
  int status = 0;           // 0: the request was sent and its answer was lost
  std::string_view result;  // `result` of a yes, `type` of a refusal, "lost"
  std::int64_t order = 0;   // of a yes, else 0
};

/// The record of every answer that buyers saw. Lines are complete once close() returned.
class AnswerLog {
 public:
  /// Throws std::system_error if the file cannot be made. An empty path records nothing.
  explicit AnswerLog(const std::filesystem::path& path);
  void append(const AnswerLine& line);
  /// Throws std::system_error if anything could not be written.
  void close();

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Closer> file_;
};

}  // namespace stampede::crowd
