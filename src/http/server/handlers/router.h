#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "http/message.h"
#include "http/server/handlers/once.h"
#include "http/server/handlers/responder.h"

namespace stampede::http {

/// Handles one request on its session's thread; must not block. The request is valid until the
/// Responder has answered.
using Handler = std::function<void(Request& request, Responder responder)>;

/// Says by its head alone why a request is refused; nullopt: it is not. The body is not there yet.
/// As a Handler it must not block.
using HeadCheck = std::function<std::optional<Response>(const Request& request)>;

/// Finds the handler of a method and path. Patterns are literal segments and {name} segments, such
/// as "/product/{id}/state"; a literal wins over a {name}. HEAD is answered by GET's handler (the
/// session drops the body); a known path with another method gets 405 with Allow, an unknown path
/// the not-found handler. A {name} matches one segment that is not empty, as sent: not decoded.
/// Filled before the server starts, read-only afterwards.
class Router {
 public:
  void get(std::string pattern, Handler handler);
  void post(std::string pattern, Handler handler);
  /// For unknown paths; by default problem 404 `not-found`.
  void otherwise(Handler handler);

  /// What no request may have twice, whatever it asks for.
  Once& once() { return once_; }

  /// Asked of every request before its handler, and of one that has a body also before the body is
  /// read: a refusal then leaves it unread, and the connection ends. At most one.
  void check_heads(HeadCheck check) { head_check_ = std::move(check); }
  bool checks_heads() const { return static_cast<bool>(head_check_); }
  /// Of a request whose body was not read. Without check_heads() only what once() says.
  std::optional<Response> refuse_head(const Request& request) const;

  /// Calls the handler; sets request.path_parameters.
  void route(Request& request, Responder responder) const;

  struct Route {
    Method method;
    std::string pattern;
  };
  /// In the order they were added.
  std::vector<Route> routes() const;

 private:
  /// What one pattern answers.
  struct Node {
    std::vector<std::string> segments;
    Handler get;
    Handler post;
  };
  struct PathHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view path) const {
      return std::hash<std::string_view>{}(path);
    }
  };

  Node& node(const std::string& pattern);
  const Node* find(Request& request) const;

  std::unordered_map<std::string, Node, PathHash, std::equal_to<>> exact_;  // without {names}
  std::vector<Node> patterns_;  // with {names}; the more literal, the earlier
  std::vector<Route> routes_;
  Handler otherwise_;
  Once once_;
  HeadCheck head_check_;
};

}  // namespace stampede::http
