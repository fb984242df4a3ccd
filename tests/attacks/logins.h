#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/attacks/flood.h"
#include "tests/attacks/honest.h"
#include "tests/support/eventually.h"
#include "tests/support/form.h"
#include "tests/support/shop.h"

/// A shop where honest buyers log in beside others, and what they get. All come through a proxy, so
/// that they have the addresses that it says.
namespace stampede::test_support {

inline const std::string kPassword = "correct horse";
inline const std::string kWrong = "wrong password";

/// Log-ins of some honest buyers, and how many of the flood's passwords were checked during each
/// that was let in, which does not depend on the machine's pace.
struct LogIns {
  Honest honest = {};
  std::vector<int> others = {};

  /// A plain queue has hundreds before each; 40 are little more than a second of one thread.
  int in_turn() const {
    return static_cast<int>(std::ranges::count_if(others, [](int before) { return before <= 40; }));
  }
};

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
  static constexpr int kPurchases = 100;

  explicit Logins(int threads = 1)
      : shop_({{"STAMPEDE_HTTP_TRUSTED_PROXIES", "127.0.0.1"},
               {"STAMPEDE_ACCOUNTS_WRONG_PER_ADDRESS", "100000"},  // the queue alone holds a flood
               {"STAMPEDE_ACCOUNTS_THREADS", std::to_string(threads)}}) {
    Buyer visitor(shop_.port());
    const auto shown = visitor.get("/user/login");
    form_ = find_form(shown.body, "/user/login").value();
    form_cookie_ = shown.cookie("form");
  }
  void TearDown() override { sale_.expect_all_sold_once(); }
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

  std::string request(const Login& login) const { return request(login, form_, form_cookie_); }
  /// Sends another form than that of the log-in, with its cookie.
  std::string request(const Login& login, Form form, const std::string& form_cookie) const {
    form.fields[form.text_field] = login.name;
    for (const std::string& field : form.password_fields) form.fields[field] = login.password;
    const std::string body = form.encoded();
    return fmt::format(
        "POST {6} HTTP/1.1\r\nHost: 127.0.0.1:{0}\r\nOrigin: http://127.0.0.1:{0}\r\n"
        "X-Forwarded-For: {1}\r\nCookie: form={2}; device={3}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {4}\r\n\r\n{5}",
        shop_.port(), login.address, form_cookie, login.device, body.size(), body, form.action);
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
  LogIns log_in_all(std::vector<Login>& buyers, const Flood* flood = nullptr) const {
    const auto checked = [&] { return flood ? flood->answers(401) + flood->answers(303) : 0; };
    LogIns all;
    for (Login& buyer : buyers) {
      if (all.honest.asked - all.in_turn() > kHonest - kServed) break;
      const int before = checked();
      if (all.honest.add([&] { return log_in(buyer) == 303; })) {
        all.others.push_back(checked() - before);
      }
    }
    return all;
  }
  /// Honest buyers log in, and others who did so before buy.
  void expect_others_served(const std::string& attack, const LogIns& calm,
                            std::vector<Login>& buyers, const Flood& flood) {
    const LogIns flooded = log_in_all(buyers, &flood);
    fmt::print("{}: {} of {} in turn\n", attack, flooded.in_turn(), flooded.honest.asked);
    expect_served(attack, "log-ins", calm.honest, flooded.honest, Wait::kCounted);
    EXPECT_GE(flooded.in_turn(), kServed) << "of " << kHonest;
    expect_served(attack, "purchases", calm_purchases_, sale_.buy(kPurchases));
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
    const LogIns calm = log_in_all(buyers);
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
    expect_others_served(what, calm, buyers, guessing);
    EXPECT_EQ(guessing.answers(429), 0) << "else it is no flood";
  }

  static constexpr std::int64_t kStock = 2 * kPurchases;
  Shop shop_;
  HonestBuyers sale_{shop_, shop_.open_sale({.quantity = kStock}), kStock};
  const Honest calm_purchases_ = sale_.buy(kPurchases);
  Form form_;
  std::string form_cookie_;
  std::atomic<int> asked_ = 0;
};

class LoginsOfOneAddress : public Logins {
 protected:
  LoginsOfOneAddress() : Logins(2) {}

  /// That many honest buyers, each with a connection of its own; their times begin with the first.
  Honest log_in_at_once(int count, const std::string& address) const {
    const auto began = Honest::Clock::now();
    Honest all{.asked = count};
    std::vector<RawConnection> waiting;
    for (int i = 0; i < count; ++i) {
      waiting.emplace_back(shop_.port());
      waiting.back().send(request({.name = honest(i), .address = address}));
    }
    while (!waiting.empty()) {
      std::vector<pollfd> asked;
      for (const RawConnection& buyer : waiting) {
        asked.push_back({.fd = buyer.descriptor(), .events = POLLIN, .revents = 0});
      }
      if (::poll(asked.data(), asked.size(), kPatience / std::chrono::milliseconds{1}) <= 0) break;
      for (std::size_t i = 0; i < waiting.size(); ++i) {
        if (asked[i].revents == 0) continue;
        if (waiting[i].response().starts_with("HTTP/1.1 303")) {
          all.times.push_back(Honest::Clock::now() - began);
        }
        waiting[i].close();
      }
      std::erase_if(waiting, [](const RawConnection& buyer) { return buyer.descriptor() < 0; });
    }
    return all;
  }
};

}  // namespace stampede::test_support
