#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/client/client.h"
#include "model/ids.h"
#include "tests/support/eventually.h"

namespace stampede::test_support {

/// What /check answered, taken apart.
struct CheckAnswer {
  int status = 0;
  std::string result;      // `result` of a yes or a pending, `type` of a problem
  std::int64_t order = 0;  // of a yes
  http::ClientResponse response;
};

/// Of an answer to /check; `result` is empty if its body says none.
CheckAnswer read_check(http::ClientResponse response);

/// A new intent's name; never the same twice.
std::string fresh_key();

/// A buyer with a browser: one connection and the cookies of a session. For one thread.
class Buyer {
 public:
  /// Without a session.
  explicit Buyer(std::uint16_t port, const std::string& host = kLoopback)
      : client_(host, port, kPatience), origin_(fmt::format("http://{}:{}", host, port)) {}
  /// With the cookies that `stampede mint` printed.
  Buyer(std::uint16_t port, UserId id, std::string sign, const std::string& host = kLoopback)
      : Buyer(port, host) {
    id_ = id;
    sign_ = std::move(sign);
  }

  /// Fill in the form of /user/register or /user/login, as a browser would, and keep the cookies.
  http::ClientResponse register_as(const std::string& name, const std::string& password);
  http::ClientResponse log_in(const std::string& name, const std::string& password);
  http::ClientResponse log_out();

  CheckAnswer buy(ProductId product, std::string_view key, std::string_view pass = {});
  /// buy(), and again with the same key for as long as the shop says that it does not know yet
  /// (202, 503): a commit may take as long as the machine needs. The answer to the last request, so
  /// a sale is 201 or 200.
  CheckAnswer order(ProductId product, std::string_view key, std::string_view pass = {});

  http::ClientResponse get(const std::string& target, const std::string& accept = "text/html");
  /// Adds the cookies. Throws std::runtime_error if no answer comes.
  http::ClientResponse send(http::ClientRequest request);

  /// Those beside `uid` and `sign`, as a header has them.
  std::string other_cookies() const;
  const std::string& sign() const { return sign_; }
  void set_sign(std::string sign) { sign_ = std::move(sign); }
  UserId id() const { return id_; }

 private:
  static constexpr const char* kLoopback = "127.0.0.1";

  http::ClientResponse submit(const std::string& page, const std::string& action,
                              const std::string& name, const std::string& password);
  void keep_cookies(const http::ClientResponse& response);

  http::Client client_;
  std::string origin_;
  UserId id_;
  std::string sign_;
  std::vector<std::pair<std::string, std::string>> other_cookies_;
};

}  // namespace stampede::test_support
