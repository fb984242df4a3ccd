#include "http/server/request_sender.h"

#include <gtest/gtest.h>

namespace stampede::http {
namespace {

const TrustedProxies kProxies({"127.0.0.1"});

Request request_with(std::vector<std::pair<std::string_view, std::string_view>> headers) {
  Request request;
  for (const auto& [name, value] : headers) request.headers.push_back({name, value});
  return request;
}

RequestSender sender(const char* peer, bool secure = false) {
  return {boost::asio::ip::make_address(peer), kProxies, secure};
}

TEST(RequestSender, IsThePeerWhateverAStrangerSays) {
  Request request = request_with({{"X-Forwarded-For", "1.2.3.4"}, {"X-Forwarded-Proto", "https"}});
  const RequestSender stranger = sender("9.9.9.9");
  stranger.identify(request, false);
  EXPECT_EQ(request.client_address, "9.9.9.9");
  EXPECT_FALSE(request.secure);
  EXPECT_FALSE(stranger.behind_trusted_proxy());
}

TEST(RequestSender, IsWhomATrustedProxyNamesLast) {
  Request request = request_with({{"X-Forwarded-For", "6.6.6.6"},
                                  {"X-Forwarded-Proto", "https"},
                                  {"X-Forwarded-For", "1.2.3.4"}});
  const RequestSender proxy = sender("127.0.0.1");
  proxy.identify(request, false);
  EXPECT_EQ(request.client_address, "1.2.3.4");
  EXPECT_TRUE(request.secure);
  EXPECT_TRUE(proxy.behind_trusted_proxy());
}

TEST(RequestSender, IsTheProxyItselfWhereItNamesNobody) {
  Request request = request_with({{"X-Forwarded-For", "nobody"}});
  const RequestSender proxy = sender("127.0.0.1");
  proxy.identify(request, true);
  EXPECT_EQ(request.client_address, "127.0.0.1");
  EXPECT_TRUE(request.secure) << "by its own connection";
}

TEST(RequestSender, OfASecureListenerIsSecureWhateverAProxySays) {
  Request request = request_with({{"X-Forwarded-Proto", "http"}});
  const RequestSender proxy = sender("127.0.0.1", true);
  proxy.identify(request, false);
  EXPECT_TRUE(request.secure);
}

}  // namespace
}  // namespace stampede::http
