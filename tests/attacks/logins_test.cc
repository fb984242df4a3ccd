// Log-ins that are to keep others from logging in. All come through a proxy, so that they have the
// addresses that it says.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "tests/attacks/flood.h"
#include "tests/support/eventually.h"
#include "tests/support/form.h"
#include "tests/support/shop.h"

namespace stampede::test_support {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

const std::string kPassword = "correct horse";
const std::string kWrong = "wrong password";

/// Log-ins of some honest buyers: how long each took, and how many of the flood's passwords were
/// checked meanwhile, which does not depend on the machine's pace.
struct Honest {
  int asked = 0;
  std::vector<milliseconds> times = {};  // of those that were let in
  std::vector<int> others = {};

  /// A plain queue has hundreds before each; 40 are little more than a second of one thread.
  int in_turn() const {
    return static_cast<int>(std::ranges::count_if(others, [](int before) { return before <= 40; }));
  }
  int within_two_seconds() const {
    return static_cast<int>(
        std::ranges::count_if(times, [](milliseconds took) { return took < 2s; }));
  }
  /// That part of them took no longer.
  long quantile(double part) const {
    auto sorted = times;
    std::ranges::sort(sorted);
    if (sorted.empty()) return -1;
    return sorted[static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1))].count();
  }
};

/// How the log-ins with a flood beside them compare with those without.
void report(const char* what, const Honest& calm, const Honest& flooded) {
  const std::string text = fmt::format(
      "{}: {} of {} in turn, {} within 2 s; median {} ms, p99 {} ms; without the flood {} and {} "
      "ms",
      what, flooded.in_turn(), flooded.asked, flooded.within_two_seconds(), flooded.quantile(0.5),
      flooded.quantile(0.99), calm.quantile(0.5), calm.quantile(0.99));
  testing::Test::RecordProperty("log-ins", text);
  fmt::print("{}\n", text);
}

/// Name, password and origin of a log-in.
struct Login {
  std::string name;
  std::string password = kPassword;
  std::string address;
  std::string device = {};  // the cookie's value
};

class Logins : public testing::Test {
 protected:
  static constexpr int kHonest = 20;
  static constexpr int kServed = kHonest * 95 / 100;

  explicit Logins(int threads = 1)
      : shop_({{"STAMPEDE_HTTP_TRUSTED_PROXIES", "127.0.0.1"},
               {"STAMPEDE_ACCOUNTS_WRONG_PER_ADDRESS", "100000"},  // the queue alone holds a flood
               {"STAMPEDE_ACCOUNTS_THREADS", std::to_string(threads)}}) {
    Buyer visitor(shop_.port());
    const auto shown = visitor.get("/user/login");
    form_ = find_form(shown.body, "/user/login").value();
    form_cookie_ = shown.cookie("form");
  }
  /// Accounts NAME-0 and so on, as if they had registered, but at no cost.
  void make_accounts(const std::string& name, int count) {
    const std::string sample = name + "-sample";
    EXPECT_EQ(Buyer(shop_.port()).register_as(sample, kPassword).status, 303);
    std::string sql = "BEGIN IMMEDIATE;";
    for (int i = 0; i < count; ++i) {
      sql += fmt::format(
          "INSERT INTO users (name, folded_name, password_hash, role, session_epoch, created_at) "
          "SELECT '{0}-{1}', '{0}-{1}', password_hash, role, 0, created_at FROM users "
          "WHERE name = '{2}';",
          name, i, sample);
    }
    const auto made = run_command({"sqlite3", "-cmd", ".timeout 60000",
                                   (shop_.data() / "stampede.db").string(), sql + "COMMIT;"});
    ASSERT_EQ(made.exit, 0) << made.err;
  }
  static std::string honest(int i) { return fmt::format("honest-{}", i); }

  std::string request(const Login& login) const {
    Form form = form_;
    form.fields[form.text_field] = login.name;
    form.fields[form.password_fields.at(0)] = login.password;
    const std::string body = form.encoded();
    return fmt::format(
        "POST /user/login HTTP/1.1\r\nHost: 127.0.0.1:{0}\r\nOrigin: http://127.0.0.1:{0}\r\n"
        "X-Forwarded-For: {1}\r\nCookie: form={2}; device={3}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {4}\r\n\r\n{5}",
        shop_.port(), login.address, form_cookie_, login.device, body.size(), body);
  }
  /// The status of the answer; keeps the cookie `device`.
  int log_in(Login& login) const {
    RawConnection connection(shop_.port());
    const std::string answer = connection.ask(request(login));
    constexpr std::string_view kDevice = "\r\nSet-Cookie: device=";
    if (const auto at = answer.find(kDevice); at != std::string::npos) {
      const auto begin = at + kDevice.size();
      login.device = answer.substr(begin, answer.find(';', begin) - begin);
    }
    return answer.size() < 12 ? 0 : std::atoi(answer.c_str() + 9);
  }

  /// Honest buyers, each of an address of its own, one after the other; ends once too many were
  /// late. Each keeps its device.
  Honest log_in_all(std::vector<Login>& buyers, const Flood* flood = nullptr) const {
    const auto checked = [&] { return flood ? flood->answers(401) + flood->answers(303) : 0; };
    Honest honest;
    for (Login& buyer : buyers) {
      if (honest.asked - honest.in_turn() > kHonest - kServed) break;
      ++honest.asked;
      const auto began = Clock::now();
      const int before = checked();
      if (log_in(buyer) != 303) continue;
      honest.others.push_back(checked() - before);
      honest.times.push_back(std::chrono::duration_cast<milliseconds>(Clock::now() - began));
    }
    return honest;
  }
  std::vector<Login> honest_buyers() {
    make_accounts("honest", kHonest);
    std::vector<Login> buyers;
    for (int i = 0; i < kHonest; ++i) {
      buyers.push_back({.name = honest(i), .address = fmt::format("198.51.100.{}", i + 1)});
    }
    return buyers;
  }

  /// That many connections that log in without pause; `next` is given a number of its own.
  Flood::Options flood(int connections, std::function<Login(int)> next) {
    return {.port = shop_.port(),
            .address = "127.0.0.1",
            .connections = connections,
            .at_once = 1,
            .request = [this, next = std::move(next)] { return request(next(asked_++)); }};
  }

  /// Honest buyers' log-ins beside connections that guess at names, each of which they try once.
  /// `address_of`: of each guess.
  void expect_served_beside_guesses(const char* what, int connections,
                                    std::function<std::string(int)> address_of, bool known) {
    auto buyers = honest_buyers();
    const Honest calm = log_in_all(buyers);
    EXPECT_EQ(calm.in_turn(), kHonest);
    if (!known) {
      for (Login& buyer : buyers) buyer.device.clear();
    }
    Flood guessing(flood(connections, [&](int i) {
      return Login{
          .name = fmt::format("guess-{}", i), .password = kWrong, .address = address_of(i)};
    }));
    // All of them have asked, because some have had an answer.
    ASSERT_TRUE(eventually(kPatience, [&] { return guessing.answers(401) > 10; }));
    const Honest flooded = log_in_all(buyers, &guessing);
    report(what, calm, flooded);
    EXPECT_GE(flooded.in_turn(), kServed) << "of " << kHonest;
    EXPECT_EQ(guessing.answers(429), 0) << "else it is no flood";
  }

  Shop shop_;
  Form form_;
  std::string form_cookie_;
  std::atomic<int> asked_ = 0;
};

TEST_F(Logins, GuessesAtManyNamesFromSeveralAddressesKeepNobodyWaiting) {
  expect_served_beside_guesses(
      "300 guesses at a time from 4 addresses", 300,
      [](int i) { return fmt::format("203.0.113.{}", i % 4 + 1); }, false);
}

/// More networks than tasks may wait.
TEST_F(Logins, AnIpv6SiteKeepsNobodyWaiting) {
  expect_served_beside_guesses(
      "1,100 guesses at a time from one IPv6 site", 1'100,
      [](int i) { return fmt::format("2001:db8:1:{:x}::1", i * 64 % 65'536); }, false);
}

TEST_F(Logins, AThousandNetworksKeepNoKnownBrowserWaiting) {
  expect_served_beside_guesses(
      "1,100 guesses at a time from as many networks, known browsers", 1'100,
      [](int i) { return fmt::format("10.{}.{}.1", i / 250 % 250, i % 250); }, true);
}

TEST_F(Logins, OneAccountThatLogsInWithoutEndKeepsNobodyWaiting) {
  auto buyers = honest_buyers();
  const Honest calm = log_in_all(buyers);
  for (Login& buyer : buyers) buyer.device.clear();
  make_accounts("flood", 1);
  Flood flooding(
      flood(300, [](int) { return Login{.name = "flood-0", .address = "203.0.113.1"}; }));
  ASSERT_TRUE(eventually(kPatience, [&] { return flooding.answers(429) > 300; }));
  const Honest flooded = log_in_all(buyers, &flooding);
  report("300 log-ins of one account at a time", calm, flooded);
  EXPECT_GE(flooded.in_turn(), kServed) << "of " << kHonest;
}

TEST_F(Logins, GuessesOfOneAccountFromTenAddressesKeepItsOwnerNotOut) {
  constexpr int kAddresses = 10;
  auto buyers = honest_buyers();
  const Honest calm = log_in_all(buyers);
  for (Login& buyer : buyers) buyer.device.clear();
  make_accounts("victim", 1);
  const auto guesser = [](int i) { return fmt::format("203.0.113.{}", i % kAddresses + 1); };
  Login at_home{.name = "victim-0", .address = "192.0.2.1"};
  ASSERT_EQ(log_in(at_home), 303);
  Flood guessing(flood(50, [&](int i) {
    return Login{.name = "victim-0", .password = kWrong, .address = guesser(i)};
  }));
  ASSERT_TRUE(eventually(kPatience, [&] { return guessing.answers(429) > 300; }));
  const Honest flooded = log_in_all(buyers, &guessing);
  report("guesses of one account from 10 addresses", calm, flooded);
  EXPECT_GE(flooded.in_turn(), kServed) << "of " << kHonest;

  Login new_browser{.name = "victim-0", .address = "192.0.2.77"};
  EXPECT_EQ(log_in(new_browser), 303) << "from an address that guesses nothing";
  for (int i = 0; i < kAddresses; ++i) {
    Login beside{.name = "victim-0", .address = guesser(i)};
    // Where a minute has just ended, its guesses use up what begins anew.
    EXPECT_TRUE(eventually(kPatience, [&] { return log_in(beside) == 429; }))
        << "a stranger, " << beside.address;
    Login known{.name = "victim-0", .address = guesser(i), .device = at_home.device};
    EXPECT_EQ(log_in(known), 303) << "its browser, " << known.address;
  }
  // Each has five free, and then has to wait for longer and longer: whatever the machine's pace.
  EXPECT_LE(guessing.answers(401), kAddresses * 10);
}

class LoginsOfOneAddress : public Logins {
 protected:
  LoginsOfOneAddress() : Logins(2) {}
};

/// Before a start, and one of them logs in 128 accounts of his own again and again.
TEST_F(LoginsOfOneAddress, FiveHundredAtOnceAreLetInBesideAFlood) {
  constexpr int kBuyers = 500;
  constexpr int kAccounts = 128;
  const std::string shared = "198.51.100.1";
  make_accounts("honest", kBuyers);
  make_accounts("flood", kAccounts);
  Flood flooding(flood(4 * kAccounts, [&](int i) {
    return Login{.name = fmt::format("flood-{}", i % kAccounts), .address = shared};
  }));
  ASSERT_TRUE(eventually(kPatience, [&] { return flooding.answers(303) > 10; }));
  std::vector<RawConnection> buyers;
  for (int i = 0; i < kBuyers; ++i) {
    buyers.emplace_back(shop_.port());
    ASSERT_TRUE(buyers.back().send(request({.name = honest(i), .address = shared})));
  }
  int in = 0;
  for (RawConnection& buyer : buyers) {
    in += buyer.response().starts_with("HTTP/1.1 303") ? 1 : 0;
  }
  fmt::print("{} of {} logged in at once behind one address, beside {} of one who floods\n", in,
             kBuyers, flooding.answers(303));
  EXPECT_GE(in, kBuyers * 95 / 100);
}

}  // namespace
}  // namespace stampede::test_support
