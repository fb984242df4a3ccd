// The checkout of the demo beside a shop: a buyer wins, pays there, and the order is paid.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "net/host_port.h"
#include "tests/support/eventually.h"
#include "tests/support/servers/child.h"
#include "tests/support/shop.h"

namespace stampede::test_support {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

/// A shop's folder with the secret of its checkout.
class DemoCheckout : public testing::Test {
 protected:
  DemoCheckout() {
    const auto added = run_command(
        {stampede_binary(), "product", "add", "--name", "fox", "--data", folder_.path().string()});
    EXPECT_EQ(added.exit, 0) << added.err;
    std::ofstream(secret_) << std::string(32, 's') << '\n';
    std::filesystem::permissions(secret_, std::filesystem::perms::owner_read);
  }
  std::vector<std::string> command(const std::string& listen) const {
    return {stampede_binary(),       "demo-checkout", "--data",
            folder_.path().string(), "--listen",      listen};
  }

  const TempDir folder_;
  const std::filesystem::path secret_ = folder_.path() / "checkout.secret";
  const Environment signing_{{"STAMPEDE_PAYMENT_SECRET_FILE", secret_.string()}};
};

/// What is behind the "?" of an address, as a form sends it.
std::string query_of(const std::string& address) { return address.substr(address.find('?') + 1); }

TEST_F(DemoCheckout, ABuyerPaysWhatIsHeldThere) {
  Child checkout(command("127.0.0.1:0"), signing_);
  const auto line = checkout.read_line(kPatience);
  ASSERT_TRUE(line) << checkout.standard_error();
  ASSERT_THAT(*line, StartsWith("checkout http://127.0.0.1:"));
  const std::string url = line->substr(line->find("http"));
  const std::size_t host = std::string("http://").size();
  const auto address = net::HostPort::parse(url.substr(host, url.find("/checkout") - host));
  ASSERT_TRUE(address) << url;
  Environment environment = signing_;
  environment.emplace_back("STAMPEDE_PAYMENT_CHECKOUT_URL", url);
  Shop shop(folder_.path(), environment);
  const ProductId lamp = shop.open_sale({.quantity = 1, .hold_seconds = 600});
  Buyer buyer = shop.buyer(1);
  const CheckAnswer held = buyer.order(lamp, fresh_key());
  ASSERT_EQ(held.result, "held") << held.response.body;

  const auto sent_on = buyer.get(fmt::format("/orders/{}/pay", held.order));
  ASSERT_EQ(sent_on.status, 303);
  const std::string link(sent_on.header("location"));
  ASSERT_THAT(link, StartsWith(url + "?order="));
  http::Client browser("127.0.0.1", address->port, kPatience);
  const auto page = browser.send({.target = link.substr(link.find("/checkout"))});
  ASSERT_TRUE(page) << page.error();
  EXPECT_THAT(page->body, HasSubstr(fmt::format("Pay order {}", held.order)));
  const auto press = [&](const std::string& button) {
    return browser.send({.method = "POST",
                         .target = "/checkout",
                         .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
                         .body = query_of(link) + "&do=" + button});
  };
  const auto declined = press("decline");
  ASSERT_TRUE(declined) << declined.error();
  EXPECT_THAT(declined->body, HasSubstr("nothing was paid"));
  const auto paid = press("pay-twice");
  ASSERT_TRUE(paid) << paid.error();
  EXPECT_THAT(paid->body, HasSubstr("pays the order"));
  EXPECT_THAT(paid->body, HasSubstr("paid-already"));
  const std::string its_page = fmt::format("/orders/{}", held.order);
  EXPECT_THAT(paid->body, HasSubstr(fmt::format("127.0.0.1:{}", shop.port())));
  EXPECT_THAT(buyer.get(its_page, "application/json").body, HasSubstr("\"status\":\"paid\""));
  EXPECT_TRUE(eventually(kPatience, [&] {
    return buyer.get(its_page).body.find("It has gone back to you") != std::string::npos;
  })) << "the second payment";
  EXPECT_EQ(shop.audited_orders(), 1);
  checkout.signal(SIGTERM);
  EXPECT_EQ(checkout.wait(kPatience), 0);
}

TEST_F(DemoCheckout, RunsForThisMachineAloneAndWithTheSecret) {
  const auto expect_refused = [&](const std::string& listen, const Environment& environment,
                                  const std::string& why) {
    const auto refused = run_command(command(listen), environment);
    EXPECT_EQ(refused.exit, 2) << listen;
    EXPECT_THAT(refused.err, HasSubstr(why));
  };
  for (const char* elsewhere :
       {"0.0.0.0:0", "[::]:0", "192.0.2.1:8089", "localhost", "127.0.0.1"}) {
    expect_refused(elsewhere, signing_, "is not an address of this machine alone");
  }
  expect_refused("127.0.0.1:0", {}, "payment.secret_file is empty");
  expect_refused("127.0.0.1:0", {{"STAMPEDE_PAYMENT_SECRET_FILE", "/nowhere"}}, "cannot be opened");
}

}  // namespace
}  // namespace stampede::test_support
