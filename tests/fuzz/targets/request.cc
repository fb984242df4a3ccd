// The bytes of one connection of the shop or the console (http/server/messages/request_reader.h):
// they are the same requests however they are cut into pieces; each is what a second reader, who
// aborts where two readings are possible, takes it for; and each that is passed on to another role
// arrives there as it was.
#include <algorithm>
#include <string>
#include <vector>

#include "http/client/client_message.h"
#include "http/server/messages/request_reader.h"
#include "http/text.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/targets/reference_request.h"

namespace stampede::fuzz {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;
using Progress = http::RequestReader::Progress;

constexpr http::RequestReader::Limits kLimits{.header_bytes = 1024, .body_bytes = 512};

struct Read {
  http::Method method;
  std::string target, path, query, body;
  Headers headers;
  bool keep_alive;

  friend bool operator==(const Read&, const Read&) = default;
};

struct Connection {
  std::vector<Read> requests;
  int refused = 0;  // the status
};

Read copy_of(http::RequestReader& reader) {
  const http::Request& request = reader.request();
  Read read{.method = request.method,
            .target = std::string(request.target),
            .path = std::string(request.path),
            .query = std::string(request.query),
            .body = std::string(request.body),
            .headers = {},
            .keep_alive = reader.keep_alive()};
  for (const auto& [name, value] : request.headers) read.headers.emplace_back(name, value);
  return read;
}

/// As a session reads: pieces of 1 to `largest` bytes.
Connection read_all(std::string_view bytes, std::size_t largest) {
  http::RequestReader reader(kLimits);
  Connection connection;
  while (!bytes.empty()) {
    const auto space = reader.space();
    require(!space.empty(), "there is always room");
    const std::size_t size = std::min({bytes.size(), space.size(), largest});
    std::copy_n(bytes.begin(), size, space.begin());
    bytes.remove_prefix(size);
    reader.received(size);
    while (true) {
      const auto progress = reader.advance();
      if (!progress) {
        connection.refused = progress.error().status;
        return connection;
      }
      if (*progress != Progress::kComplete) break;
      connection.requests.push_back(copy_of(reader));
      if (!reader.keep_alive()) return connection;
      reader.finish();
    }
  }
  return connection;
}

bool same_headers(const Headers& headers,
                  const std::vector<std::pair<std::string_view, std::string_view>>& reference) {
  return std::ranges::equal(headers, reference, [](const auto& a, const auto& b) {
    return a.first == b.first && a.second == b.second;
  });
}

void check_against_reference(const Connection& connection, std::string_view bytes) {
  for (const Read& read : connection.requests) {
    const ReferenceRequest reference = take_reference(bytes);
    require(read.target == reference.target, "both readers see the same target");
    require(read.body == reference.body, "both readers see the same body");
    require(same_headers(read.headers, reference.headers), "both readers see the same headers");
    require(read.body.size() <= kLimits.body_bytes, "no body is larger than the limit");
    const std::string whole = read.query.empty() ? read.path : read.path + "?" + read.query;
    require(whole == read.target || whole + "?" == read.target, "a target is path and query");
  }
}

/// As http/server/handlers/router's callers pass a request on (peers/forwarder.h).
void check_passed_on(const Read& read) {
  if (read.method != http::Method::kGet && read.method != http::Method::kPost) return;
  http::ClientRequest request{.method = read.method == http::Method::kGet ? "GET" : "POST",
                              .target = read.target,
                              .headers = {},
                              .body = read.body};
  const auto of_framing = [](const auto& header) {
    return http::same_name(header.first, "content-length") ||
           http::same_name(header.first, "transfer-encoding") ||
           http::same_name(header.first, "expect");
  };
  std::ranges::remove_copy_if(read.headers, std::back_inserter(request.headers), of_framing);
  const std::string bytes = http::serialised(request, "127.0.0.1:1");
  const Connection again = read_all(bytes, bytes.size());
  // It may have become longer than the limit, by its Content-Length.
  if (again.refused == 431) return;
  require(again.requests.size() == 1 && again.refused == 0, "what is passed on is one request");
  Headers arrived;
  std::ranges::remove_copy_if(again.requests[0].headers, std::back_inserter(arrived), of_framing);
  require(arrived == request.headers && again.requests[0].body == read.body &&
              again.requests[0].target == read.target,
          "a request that is passed on arrives as it was");
}

void call_accessors(const Read& read) {
  http::Request request;
  request.method = read.method;
  request.query = read.query;
  request.body = read.body;
  for (const auto& [name, value] : read.headers) request.headers.emplace_back(name, value);
  for (const std::string_view name : {"sign", "uid", "productID", "key"}) {
    require(request.cookie(name).find(';') == std::string_view::npos, "a cookie ends at a ';'");
    request.query_parameter(name);
    request.form_field(name);
  }
  request.wants_json();
}

}  // namespace

bool accepts(std::string_view bytes) {
  const std::size_t largest = 1 + Choices(bytes).below(64);
  const Connection whole = read_all(bytes, bytes.size());
  const Connection cut = read_all(bytes, largest);
  // Of two reasons to refuse, the one that is seen first may be told.
  require(cut.requests == whole.requests && (cut.refused == 0) == (whole.refused == 0),
          "requests do not depend on how they are cut");
  check_against_reference(whole, bytes);
  for (const Read& read : whole.requests) {
    check_passed_on(read);
    call_accessors(read);
  }
  return !whole.requests.empty() && whole.refused == 0;
}

}  // namespace stampede::fuzz
