#include "app/fronts/ca_file.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <string>

namespace stampede::app {

ConfigErrors ca_file_errors(std::string_view key, const std::filesystem::path& file) {
  if (file.empty()) return {};
  std::ifstream stream(file);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (text.find("-----BEGIN CERTIFICATE-----") != text.npos) return {};
  return {
      fmt::format("{}: {} cannot be read or has no certificate; expected a PEM file with those "
                  "of the trusted authorities",
                  key, file.string())};
}

}  // namespace stampede::app
