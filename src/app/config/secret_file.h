#pragma once

#include <expected>
#include <filesystem>
#include <string>

namespace stampede::app {

/// The secret that a file holds: its one line, without the blanks around it. Otherwise a sentence
/// that names the file, what was wrong and what was expected: one that is missing, is no regular
/// file, can be reached by its group or others, or holds anything else than 1 to 1,024 printable
/// characters. No sentence has any of the file's content.
std::expected<std::string, std::string> read_secret_file(const std::filesystem::path& path);

}  // namespace stampede::app
