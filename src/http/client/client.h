#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stampede::http {

struct ClientResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  /// The first header of that name, without regard to case; empty if there is none.
  std::string_view header(std::string_view name) const;
  /// The value that a Set-Cookie of this response gives to `name`; empty if there is none.
  std::string cookie(std::string_view name) const;
};

struct ClientRequest {
  std::string method = "GET";
  std::string target = "/";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

/// A blocking HTTP/1.1 client on one keep-alive connection: of heartbeats, leases and reports
/// between roles, of commands, tests and load tools.
/// Connects when first needed and again after the server closed. For one thread.
class Client {
 public:
  Client(std::string host, std::uint16_t port,
         std::chrono::milliseconds timeout = std::chrono::seconds{10});
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  /// The answer, or what went wrong in words ("connect 127.0.0.1:9: Connection refused"). An error
  /// after the request was sent says nothing of what the server did with it.
  std::expected<ClientResponse, std::string> send(const ClientRequest& request);

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace stampede::http
