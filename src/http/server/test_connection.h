#pragma once

#include <string>
#include <string_view>

#include "tests/support/raw_connection.h"

/// What tests of connections write and read. Only tests include this.
namespace stampede::http::testing {

using test_support::RawConnection;

inline std::string get(std::string_view target, std::string_view headers = {}) {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n" + std::string(headers) + "\r\n";
}

inline std::string body_of(const std::string& response) {
  const auto end = response.find("\r\n\r\n");
  return end == std::string::npos ? "" : response.substr(end + 4);
}

inline int status_of(const std::string& response) {
  return response.size() < 12 ? 0 : std::stoi(response.substr(9, 3));
}

}  // namespace stampede::http::testing
