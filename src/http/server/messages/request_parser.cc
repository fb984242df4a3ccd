#include "http/server/messages/request_parser.h"

#include <algorithm>
#include <array>
#include <boost/beast/http/basic_parser.hpp>
#include <charconv>
#include <optional>

#include "http/text.h"

namespace stampede::http {
namespace {

namespace beast = boost::beast;
using beast::error_code;

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

/// What a host and its port are written with (RFC 3986, 3.2.2 and 3.2.3).
constexpr std::array<bool, 256> kHostChars = [] {
  std::array<bool, 256> table{};
  for (const char c : std::string_view("0123456789:[]%-._~!$&'()*+,;="
                                       "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")) {
    table[static_cast<unsigned char>(c)] = true;
  }
  return table;
}();
bool is_host_char(char c) { return kHostChars[static_cast<unsigned char>(c)]; }

/// Beast's parser, which calls back with views into the head; nothing is copied.
class HeadParser final : public beast::http::basic_parser<true> {
 public:
  HeadParser(Request& request, Framing& framing) : request_(request), framing_(framing) {}

  bool http_1_0() const { return http_1_0_; }
  /// Why a callback stopped the parser.
  const std::optional<Refusal>& refusal() const { return refusal_; }

  std::expected<void, Refusal> check_whole() const {
    if (hosts_ != 1) {
      return bad_request(hosts_ == 0 ? "The Host header is missing."
                                     : "There is more than one Host.");
    }
    if (lengths_ > 0 && encodings_ > 0) {
      return bad_request("Content-Length together with Transfer-Encoding.");
    }
    if (http_1_0_ && encodings_ > 0) {
      return bad_request("Transfer-Encoding in an HTTP/1.0 request.");
    }
    return {};
  }

 private:
  void refuse(error_code& ec, const std::unexpected<Refusal>& why) {
    refusal_ = why.error();
    ec = beast::http::error::bad_value;
  }

  void on_request_impl(beast::http::verb verb, beast::string_view, beast::string_view target,
                       int version, error_code& ec) override {
    switch (verb) {
      case beast::http::verb::get:
        request_.method = Method::kGet;
        break;
      case beast::http::verb::head:
        request_.method = Method::kHead;
        break;
      case beast::http::verb::post:
        request_.method = Method::kPost;
        break;
      default:
        request_.method = Method::kOther;
    }
    http_1_0_ = version == 10;
    request_.target = view(target);
    const auto foreign = [](char c) { return c == '#' || static_cast<unsigned char>(c) > 0x7e; };
    if (!request_.target.starts_with('/') || std::ranges::any_of(request_.target, foreign)) {
      return refuse(ec, bad_request("The target is not a path with an optional query."));
    }
    const auto question = request_.target.find('?');
    request_.path = request_.target.substr(0, question);
    request_.query = question == std::string_view::npos ? "" : request_.target.substr(question + 1);
  }

  void on_field_impl(beast::http::field field, beast::string_view name, beast::string_view value,
                     error_code& ec) override {
    request_.headers.emplace_back(view(name), view(value));
    switch (field) {
      case beast::http::field::host:
        ++hosts_;
        if (!std::ranges::all_of(view(value), is_host_char)) {
          return refuse(ec, bad_request("Host is not a name or an address with an optional port."));
        }
        break;
      case beast::http::field::content_length:
        return on_content_length(view(value), ec);
      case beast::http::field::transfer_encoding:
        return on_transfer_encoding(view(value), ec);
      case beast::http::field::expect:
        if (!same_name(view(value), "100-continue")) {
          return refuse(ec, std::unexpected(Refusal{417, "expectation-failed",
                                                    "The only expectation met is 100-continue."}));
        }
        framing_.expects_continue = !http_1_0_;
        break;
      default:
        break;
    }
  }

  void on_content_length(std::string_view value, error_code& ec) {
    if (++lengths_ > 1) {
      return refuse(ec, bad_request("There is more than one Content-Length."));
    }
    const auto end = value.data() + value.size();
    const auto [parsed, error] = std::from_chars(value.data(), end, framing_.content_length);
    if (error != std::errc{} || parsed != end) {
      refuse(ec, bad_request("Content-Length is not a number of digits within range."));
    }
  }

  void on_transfer_encoding(std::string_view value, error_code& ec) {
    ++encodings_;
    if (encodings_ > 1 || !same_name(value, "chunked")) {
      return refuse(ec, std::unexpected(Refusal{501, "unknown-transfer-encoding",
                                                "The only Transfer-Encoding taken is chunked."}));
    }
    framing_.chunked = true;
  }

  // Only heads are fed to this parser.
  void on_response_impl(int, beast::string_view, int, error_code&) override {}
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(beast::string_view body, error_code&) override { return body.size(); }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body, error_code&) override {
    return body.size();
  }
  void on_finish_impl(error_code&) override {}

  Request& request_;
  Framing& framing_;
  std::optional<Refusal> refusal_;
  unsigned hosts_ = 0;
  unsigned lengths_ = 0;
  unsigned encodings_ = 0;
  bool http_1_0_ = false;
};

std::unexpected<Refusal> refusal_of(const error_code& ec) {
  using beast::http::error;
  if (ec == error::bad_method) {
    return bad_request("The method is not a token followed by one blank.");
  }
  if (ec == error::bad_target) {
    return bad_request("The target is empty or holds a character that must be percent-encoded.");
  }
  if (ec == error::bad_version) {
    return std::unexpected(
        Refusal{505, "unknown-version", "The request line does not end in HTTP/1.1."});
  }
  if (ec == error::bad_content_length || ec == error::multiple_content_length) {
    return bad_request("Content-Length is not one number, or stands beside Transfer-Encoding.");
  }
  if (ec == error::bad_transfer_encoding) {
    return bad_request("Transfer-Encoding twice, or together with Content-Length.");
  }
  if (ec == error::bad_field) {
    return bad_request("The name of a header is no token, or no ':' follows it at once.");
  }
  if (ec == error::bad_value || ec == error::bad_line_ending) {
    return bad_request(
        "A header holds a control character (NUL, a bare CR or another), or Connection is no "
        "list.");
  }
  return bad_request("The header is malformed.");
}

}  // namespace

std::expected<Framing, Refusal> parse_head(std::string_view head, Request& request) {
  Framing framing;
  request.headers.clear();
  HeadParser parser(request, framing);
  parser.header_limit(static_cast<std::uint32_t>(head.size() + 1));  // the scanner has limited it
  parser.body_limit(boost::none);                                    // and the reader limits this
  error_code ec;
  parser.put(boost::asio::const_buffer(head.data(), head.size()), ec);
  if (parser.refusal()) {
    return std::unexpected(*parser.refusal());
  }
  if (ec || !parser.is_header_done()) {
    return refusal_of(ec);
  }
  if (const auto whole = parser.check_whole(); !whole) {
    return std::unexpected(whole.error());
  }
  framing.http_1_0 = parser.http_1_0();
  framing.keep_alive = parser.keep_alive() && !framing.http_1_0;
  return framing;
}

}  // namespace stampede::http
