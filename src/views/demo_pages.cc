#include "views/demo_pages.h"

#include "views/format.h"
#include "views/page_templates.h"

namespace stampede::views {

using kainjow::mustache::data;

DemoPages::DemoPages(const std::function<std::string(std::string_view path)>& asset_url)
    : templates_(std::make_unique<PageTemplates>("demo/", asset_url)) {}
DemoPages::~DemoPages() = default;

std::string DemoPages::checkout(const DemoCheckoutPage& page) const {
  data values;
  values.set("order", std::to_string(page.order.value));
  values.set("amount", format_price(page.amount_cents));
  values.set("amount_cents", std::to_string(page.amount_cents));
  values.set("pay_by", format_rfc3339(page.pay_by));
  values.set("in_time", data{page.in_time});
  values.set("return_url", page.return_url);
  values.set("signature", page.signature);
  return templates_->render("checkout", "Pay", values);
}

std::string DemoPages::result(const DemoResultPage& page) const {
  data values;
  values.set("message", page.message);
  values.set("tone", page.success ? "success" : "warning");
  values.set("back", section(page.return_url));
  return templates_->render("result", page.title, values);
}

}  // namespace stampede::views
