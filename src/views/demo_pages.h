#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "model/ids.h"
#include "model/time.h"

namespace stampede::views {

class PageTemplates;

/// What the demo's checkout asks a buyer to pay, with the fields that its form sends on.
struct DemoCheckoutPage {
  OrderNumber order;
  std::int64_t amount_cents = 0;
  Instant pay_by;
  bool in_time = true;  // `pay_by` is not over
  std::string return_url;
  std::string signature;
};

/// What became of it.
struct DemoResultPage {
  std::string title;
  std::string message;     // sentences
  bool success = false;    // else nothing was paid, or it goes back
  std::string return_url;  // the shop's page of the order; empty: not known
};

/// The pages of the demo's checkout, from the templates in the binary. Thread-safe.
class DemoPages {
 public:
  /// As of Pages.
  explicit DemoPages(const std::function<std::string(std::string_view path)>& asset_url);
  ~DemoPages();
  DemoPages(const DemoPages&) = delete;
  DemoPages& operator=(const DemoPages&) = delete;

  std::string checkout(const DemoCheckoutPage& page) const;
  std::string result(const DemoResultPage& page) const;

 private:
  std::unique_ptr<PageTemplates> templates_;
};

}  // namespace stampede::views
