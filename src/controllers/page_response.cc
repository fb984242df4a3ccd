#include "controllers/page_response.h"

#include <fmt/core.h>

#include <utility>

#include "http/server/handlers/static_files.h"

namespace stampede::controllers {
namespace {

std::string with_blank(const std::string& sources) { return sources.empty() ? "" : ' ' + sources; }

}  // namespace

std::string content_security_policy(const OtherSources& others) {
  const std::string frames = others.frames.empty() ? "" : "frame-src " + others.frames + "; ";
  return "default-src 'none'; script-src 'self'" + with_blank(others.scripts) +
         "; worker-src 'self'; style-src 'self'" + with_blank(others.styles) +
         "; img-src 'self' blob:; connect-src 'self'" + with_blank(others.connections) + "; " +
         frames + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
}

void add_page_headers(http::Response& response, std::string policy) {
  response.with("Content-Security-Policy", std::move(policy))
      .with("Referrer-Policy", "same-origin");
}

http::Response page(int status, std::string html) {
  http::Response response = http::html(status, std::move(html));
  add_page_headers(response);
  response.with("Cache-Control", "no-store");
  return response;
}

http::Response page(int status, std::shared_ptr<const std::string> html) {
  http::Response response = page(status, std::string());
  response.shared_body = std::move(html);
  return response;
}

Document make_document(std::string html) {
  std::string etag = http::entity_tag(html);
  return {std::make_shared<const std::string>(std::move(html)), std::move(etag)};
}

http::Response document(const http::Request& request, const Document& document, int max_age,
                        std::string policy) {
  http::Response response =
      http::cacheable(request, document.html, "text/html; charset=utf-8", document.etag,
                      fmt::format("public, max-age={}", max_age));
  add_page_headers(response, std::move(policy));
  return response;
}

http::Response refuse(const http::Request& request, const views::Pages& pages,
                      const Refusal& refusal) {
  if (!request.wants_json()) {
    return page(refusal.status,
                pages.message({refusal.title, refusal.detail, refusal.retry_after}));
  }
  http::Response response = http::problem(refusal.status, refusal.type, refusal.detail);
  response.with("Cache-Control", "no-store");
  return response;
}

}  // namespace stampede::controllers
