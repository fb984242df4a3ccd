#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "http/message.h"
#include "views/pages.h"

namespace stampede::controllers {

/// What a page may load from elsewhere: sources of a Content-Security-Policy (CSP 3), separated by
/// blanks; empty: none.
struct OtherSources {
  std::string scripts;
  std::string frames;
  std::string connections;
  std::string styles;
};

/// Nothing but what is ours and `others`.
std::string content_security_policy(const OtherSources& others = {});

/// The header lines of every page: a Content-Security-Policy, no framing, no referrer to other
/// sites.
void add_page_headers(http::Response& response, std::string policy = content_security_policy());

/// A page made for one visitor: never stored.
http::Response page(int status, std::string html);
/// The same of a body that many answers share.
http::Response page(int status, std::shared_ptr<const std::string> html);

/// A page that is the same for every visitor.
struct Document {
  std::shared_ptr<const std::string> html;
  std::string etag;  // quoted
};
Document make_document(std::string html);

/// Answers 304 if the visitor's copy has the same ETag. `max_age` in seconds.
http::Response document(const http::Request& request, const Document& document, int max_age,
                        std::string policy = content_security_policy());

/// An error of a route that people visit: a page, or problem+json for those who ask for JSON.
struct Refusal {
  int status = 400;
  std::string_view type;                // the stable slug
  std::string title;                    // of the page
  std::string detail;                   // a sentence
  std::chrono::seconds retry_after{0};  // the page loads itself again then; 0: never
};
http::Response refuse(const http::Request& request, const views::Pages& pages,
                      const Refusal& refusal);

}  // namespace stampede::controllers
