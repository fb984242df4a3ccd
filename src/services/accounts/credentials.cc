#include "services/accounts/credentials.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>

#include "model/utf8.h"

namespace stampede::services::accounts {

bool is_beginning_of_name(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  return text.size() <= 32 && std::ranges::all_of(text, allowed);
}

bool is_name(std::string_view text) { return text.size() >= 3 && is_beginning_of_name(text); }

bool is_password(std::string_view text) {
  return text.size() >= 8 && text.size() <= 128 && is_utf8(text);
}

std::string fold_case(std::string_view name) {
  std::string folded(name);
  for (char& c : folded) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return folded;
}

std::string network_of(const std::string& address) {
  in6_addr bits{};
  if (inet_pton(AF_INET6, address.c_str(), &bits) != 1) return address;
  if (IN6_IS_ADDR_V4MAPPED(&bits)) {
    char text[INET_ADDRSTRLEN];
    return inet_ntop(AF_INET, &bits.s6_addr[12], text, sizeof text);
  }
  return {reinterpret_cast<const char*>(bits.s6_addr), 8};
}

}  // namespace stampede::services::accounts
