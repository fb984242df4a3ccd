#include "http/server/handlers/router.h"

#include <algorithm>
#include <stdexcept>

namespace stampede::http {
namespace {

bool is_name(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

/// "/product/{id}" → "product", "{id}".
std::vector<std::string> segments_of(std::string_view pattern) {
  std::vector<std::string> segments;
  while (!pattern.empty()) {
    pattern.remove_prefix(1);  // '/'
    const auto end = std::min(pattern.find('/'), pattern.size());
    segments.emplace_back(pattern.substr(0, end));
    pattern.remove_prefix(end);
  }
  return segments;
}

bool matches(const std::vector<std::string>& segments, std::string_view path,
             std::vector<std::string_view>& parameters) {
  parameters.clear();
  for (const std::string& segment : segments) {
    if (path.empty()) {
      return false;
    }
    path.remove_prefix(1);  // '/'
    const std::string_view part = path.substr(0, path.find('/'));
    path.remove_prefix(part.size());
    if (is_name(segment)) {
      if (part.empty()) {
        return false;
      }
      parameters.push_back(part);
    } else if (part != segment) {
      return false;
    }
  }
  return path.empty();
}

}  // namespace

Router::Node& Router::node(const std::string& pattern) {
  if (!pattern.starts_with('/')) {
    throw std::logic_error("route '" + pattern + "': a pattern begins with '/'");
  }
  auto segments = segments_of(pattern);
  if (std::ranges::none_of(segments, is_name)) {
    return exact_[pattern];
  }
  const auto same = std::ranges::find(patterns_, segments, &Node::segments);
  if (same != patterns_.end()) {
    return *same;
  }
  // A literal sorts before a {name} in the same place, so the first match is the most literal one.
  const auto later = std::ranges::find_if(patterns_, [&](const Node& other) {
    return std::ranges::lexicographical_compare(segments, other.segments, {}, is_name, is_name);
  });
  return *patterns_.insert(later, Node{std::move(segments), {}, {}});
}

void Router::get(std::string pattern, Handler handler) {
  node(pattern).get = std::move(handler);
  routes_.push_back({Method::kGet, std::move(pattern)});
}

void Router::post(std::string pattern, Handler handler) {
  node(pattern).post = std::move(handler);
  routes_.push_back({Method::kPost, std::move(pattern)});
}

void Router::otherwise(Handler handler) { otherwise_ = std::move(handler); }

const Router::Node* Router::find(Request& request) const {
  request.path_parameters.clear();
  if (const auto exact = exact_.find(request.path); exact != exact_.end()) {
    return &exact->second;
  }
  for (const Node& candidate : patterns_) {
    if (matches(candidate.segments, request.path, request.path_parameters)) {
      return &candidate;
    }
  }
  return nullptr;
}

std::optional<Response> Router::refuse_head(const Request& request) const {
  if (auto doubled = once_.refuse(request)) return doubled;
  return head_check_ ? head_check_(request) : std::nullopt;
}

void Router::route(Request& request, Responder responder) const {
  if (auto refusal = refuse_head(request)) return responder(*std::move(refusal));
  const Node* const found = find(request);
  if (found == nullptr) {
    if (otherwise_) {
      return otherwise_(request, std::move(responder));
    }
    return responder(problem(404, "not-found", "There is nothing at this address."));
  }
  const bool reads = request.method == Method::kGet || request.method == Method::kHead;
  const Handler& handler = reads ? found->get : found->post;
  if (handler && (reads || request.method == Method::kPost)) {
    return handler(request, std::move(responder));
  }
  auto refusal = problem(405, "method-not-allowed", "This address does not take this method.");
  refusal.with("Allow", !found->post ? "GET, HEAD" : !found->get ? "POST" : "GET, HEAD, POST");
  responder(std::move(refusal));
}

std::vector<Router::Route> Router::routes() const { return routes_; }

}  // namespace stampede::http
