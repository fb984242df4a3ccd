#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/catalog/product.h"
#include "model/catalog/sale.h"
#include "model/ids.h"
#include "model/orders/order.h"
#include "model/time.h"

namespace stampede::views {

class PageTemplates;

/// One sale as the front page lists it.
struct SaleCard {
  ProductId product;
  std::string product_name;
  SaleStatus status = SaleStatus::kUpcoming;
  std::int64_t price_cents = 0;
  Instant starts_at;
  std::optional<Instant> ends_at;
  std::optional<std::int64_t> list_price_cents = std::nullopt;
  std::optional<Picture> picture = std::nullopt;

  friend bool operator==(const SaleCard&, const SaleCard&) = default;
};

/// A product's page: the same for every visitor; its script asks for what changes.
struct ProductPage {
  Product product;
  std::optional<Sale> sale;  // none: nothing is on sale
};

/// A challenge of somebody else, which the product's page shows in the place of the picture.
struct ExternalChallenge {
  std::string provider;     // captcha/external/provider.h
  std::string site_key;     // not secret: the provider's name for this shop
  std::string script_url;   // what the page loads
  bool own_always = false;  // buyers may take the shop's own captchas instead
};

/// The login and registration forms.
struct CredentialsForm {
  std::string token;   // proves that the form is ours
  std::string error;   // a sentence, or empty
  std::string name;    // as typed before
  std::string next;    // the path to go on to, or empty
  std::string notice;  // of the console: a sentence of success, or empty
  /// Of the console, whose form always asks for the code of a second factor.
  enum class Code : std::uint8_t {
    kIfAny,          // of whoever has one
    kUnlessNoneYet,  // of everybody; whoever has none sets one up
    kNeeded,
  };
  Code code = Code::kIfAny;
};

/// The change of the password, and the way out.
struct AccountPage {
  std::string token;
  std::string error;
  std::string notice;  // a sentence of success, or empty
};

struct OrderRow {
  OrderNumber number;
  ProductId product;
  std::string product_name;
  std::int64_t price_cents = 0;
  Instant created_at;
  OrderStatus status = OrderStatus::kSuccess;
  std::optional<Instant> pay_by = std::nullopt;
  /// How a held order is paid: by its button, or as the shop tells its buyer.
  /// A payment that does not pay it.
  struct Returned {
    std::int64_t amount_cents = 0;
    bool gone_back = false;  // else it is on its way
  };
  std::vector<Returned> returned = {};
  enum class Payment { kNone, kPayable, kTold } payment = Payment::kNone;
};

struct OrdersPage {
  std::vector<OrderRow> orders;  // newest first
  OrderNumber older_than;        // where the next page begins; none: this is the last
};

/// The state of one purchase.
struct PurchasePage {
  enum class State { kSuccess, kFailed, kPending } state = State::kPending;
  OrderNumber order;                             // kSuccess
  std::string reason;                            // kFailed: a sentence
  std::optional<Instant> pay_by = std::nullopt;  // kSuccess: it is held until then
};

/// A page that says one thing: an error, most often.
struct MessagePage {
  std::string title;
  std::string message;
  std::chrono::seconds retry_after{0};  // the page loads itself again then; 0: never
};

/// Every HTML page of the shop, from the templates in the binary. Values are escaped by default and
/// no template can switch that off. Thread-safe; a page takes tens of microseconds.
class Pages {
 public:
  /// Where the browser finds a file of web/: "css/shop.css" → its address.
  using AssetUrl = std::function<std::string(std::string_view path)>;

  explicit Pages(const AssetUrl& asset_url,
                 std::optional<ExternalChallenge> challenge = std::nullopt);
  ~Pages();
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;

  std::string sale_list(std::span<const SaleCard> sales) const;
  std::string product(const ProductPage& page) const;
  std::string login(const CredentialsForm& form) const;
  std::string registration(const CredentialsForm& form) const;
  std::string account(const AccountPage& page) const;
  std::string orders(const OrdersPage& page) const;
  std::string order(const OrderRow& order) const;
  std::string purchase(const PurchasePage& page) const;
  std::string message(const MessagePage& page) const;

 private:
  std::unique_ptr<PageTemplates> templates_;
  std::optional<ExternalChallenge> challenge_;
};

}  // namespace stampede::views
