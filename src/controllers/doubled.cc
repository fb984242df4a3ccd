#include "controllers/doubled.h"

#include <array>
#include <string_view>

#include "controllers/guards/cookie_names.h"

namespace stampede::controllers {
namespace {

constexpr std::array kShopCookies{kUserCookie, kNodeCookie, kSignCookie, kDeviceCookie,
                                  kFormCookie};
constexpr std::array<std::string_view, 2> kShopHeaders{"Idempotency-Key", "Captcha-Pass"};
constexpr std::array kConsoleCookies{kOperatorCookie, kOperatorDeviceCookie, kFormCookie};
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
