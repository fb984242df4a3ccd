#include "controllers/doubled.h"

#include <array>
#include <string_view>

namespace stampede::controllers {
namespace {

// docs/design.md#sessions has the cookies.
constexpr std::array<std::string_view, 5> kShopCookies{"uid", "node", "sign", "device", "form"};
constexpr std::array<std::string_view, 2> kShopHeaders{"Idempotency-Key", "Captcha-Pass"};
constexpr std::array<std::string_view, 3> kConsoleCookies{"operator", "operator_device", "form"};
constexpr std::array<std::string_view, 2> kConsoleHeaders{"Form-Token", "Authorization"};

}  // namespace

void refuse_doubled_of_shop(http::Router& router) {
  router.once().cookies(kShopCookies);
  router.once().headers(kShopHeaders);
}

void refuse_doubled_of_console(http::Router& router) {
  router.once().cookies(kConsoleCookies);
  router.once().headers(kConsoleHeaders);
}

}  // namespace stampede::controllers
