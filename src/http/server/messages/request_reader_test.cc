#include "http/server/messages/request_reader.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>

namespace stampede::http {
namespace {

using ::testing::HasSubstr;
using Progress = RequestReader::Progress;
using Phase = RequestReader::Phase;

constexpr RequestReader::Limits kLimits{.header_bytes = 16 * 1024, .body_bytes = 64 * 1024};

/// Puts `bytes` in, at most `step` at a time, until a request is whole or refused.
std::expected<Progress, Refusal> feed(RequestReader& reader, std::string_view bytes,
                                      std::size_t step = 1 << 20) {
  auto progress = reader.advance();
  while (progress && *progress != Progress::kComplete && !bytes.empty()) {
    const auto space = reader.space();
    const std::size_t size = std::min({bytes.size(), space.size(), step});
    std::copy_n(bytes.begin(), size, space.begin());
    reader.received(size);
    bytes.remove_prefix(size);
    progress = reader.advance();
  }
  EXPECT_TRUE(bytes.empty() || !progress) << "bytes left over";
  return progress;
}

/// The status of the refusal, 0 if the request was taken, -1 if more was needed.
int verdict(std::string_view bytes, std::size_t step = 1 << 20) {
  RequestReader reader(kLimits);
  const auto progress = feed(reader, bytes, step);
  if (!progress) {
    EXPECT_FALSE(progress.error().detail.empty());
    return progress.error().status;
  }
  return *progress == Progress::kComplete ? 0 : -1;
}

struct Case {
  const char* name;
  int status;
  std::string bytes;
};

std::string head(const std::string& headers) {
  return "POST /check?productID=1 HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n";
}
std::string chunked(const std::string& body) {
  return head("Transfer-Encoding: chunked\r\n") + body;
}

class Strict : public ::testing::TestWithParam<Case> {};

TEST_P(Strict, IsJudgedTheSameInOnePieceAndByteByByte) {
  EXPECT_EQ(verdict(GetParam().bytes), GetParam().status);
  EXPECT_EQ(verdict(GetParam().bytes, 1), GetParam().status);
}

INSTANTIATE_TEST_SUITE_P(
    Taken, Strict,
    ::testing::Values(
        Case{"plain", 0, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
        Case{"length", 0, head("Content-Length: 3\r\n") + "abc"},
        Case{"length_zero", 0, head("Content-Length: 0\r\n")},
        Case{"chunked", 0, chunked("3\r\nabc\r\n0\r\n\r\n")},
        Case{"chunk_extension_and_trailer", 0, chunked("3;x=\"y\"\r\nabc\r\n000\r\nA: b\r\n\r\n")},
        Case{"coding_in_capitals", 0, head("Transfer-Encoding: Chunked\r\n") + "0\r\n\r\n"},
        Case{"blank_line_first", 0, "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
        Case{"http_1_0", 0, "GET / HTTP/1.0\r\nHost: a\r\n\r\n"},
        Case{"host_and_port", 0, "GET / HTTP/1.1\r\nHost: shop-1.example_x:8082\r\n\r\n"},
        Case{"ipv6_host", 0, "GET / HTTP/1.1\r\nHost: [fe80::1]:8082\r\n\r\n"},
        Case{"other_method", 0, "BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n"},
        Case{"latin_value", 0, head("X: caf\xe9\r\n")}, Case{"empty_value", 0, head("X:\r\n")},
        Case{"unfinished", -1, "GET / HTTP/1.1\r\nHost: a\r\n"},
        Case{"unfinished_body", -1, head("Content-Length: 3\r\n") + "ab"},
        Case{"longest_chunk_line", 0, chunked("0;" + std::string(254, 'x') + "\r\n\r\n")},
        Case{"unfinished_chunk", -1, chunked("3\r\nabc\r\n0\r\n")}),
    [](const auto& test) { return test.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Heads, Strict,
    ::testing::Values(
        Case{"bare_lf_everywhere", 400, "GET / HTTP/1.1\nHost: a\n\n"},
        Case{"bare_lf_in_headers", 400, "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n"},
        Case{"bare_lf_at_the_end", 400, "GET / HTTP/1.1\r\nHost: a\r\n\n"},
        Case{"bare_cr", 400, head("X: a\rb\r\n")}, Case{"cr_cr_lf", 400, head("X: a\r\r\n")},
        Case{"nul_in_value", 400, head(std::string("X: a\0b\r\n", 8))},
        Case{"nul_in_target", 400, std::string("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", 28)},
        Case{"escape_in_value", 400, head("X: \x1b[2J\r\n")},
        Case{"obs_fold_blank", 400, head("X: a\r\n b\r\n")},
        Case{"obs_fold_tab", 400, head("X: a\r\n\tb\r\n")},
        Case{"folded_first_line", 400, "GET / HTTP/1.1\r\n Host: a\r\n\r\n"},
        Case{"blank_before_colon", 400, head("X : a\r\n")},
        Case{"tab_before_colon", 400, head("X\t: a\r\n")}, Case{"no_colon", 400, head("X\r\n")},
        Case{"empty_name", 400, head(": a\r\n")}, Case{"name_no_token", 400, head("X(): a\r\n")},
        Case{"no_host", 400, "GET / HTTP/1.1\r\n\r\n"},
        Case{"two_hosts", 400, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"},
        Case{"host_blank", 400, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"},
        Case{"host_quotes", 400, "GET / HTTP/1.1\r\nHost: a\"b\r\n\r\n"},
        Case{"host_slash", 400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"},
        Case{"host_backslash", 400, "GET / HTTP/1.1\r\nHost: a\\b\r\n\r\n"},
        Case{"host_script", 400, "GET / HTTP/1.1\r\nHost: <a>\r\n\r\n"},
        Case{"host_user", 400, "GET / HTTP/1.1\r\nHost: me@a\r\n\r\n"},
        Case{"host_latin", 400, "GET / HTTP/1.1\r\nHost: caf\xe9\r\n\r\n"},
        Case{"bad_method", 400, "GE(T / HTTP/1.1\r\nHost: a\r\n\r\n"},
        Case{"no_method", 400, " / HTTP/1.1\r\nHost: a\r\n\r\n"},
        Case{"two_blanks", 400, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"},
        Case{"absolute_target", 400, "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n"},
        Case{"asterisk_target", 400, "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"},
        Case{"connect_target", 400, "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"},
        Case{"fragment", 400, "GET /#x HTTP/1.1\r\nHost: a\r\n\r\n"},
        Case{"utf8_target", 400, "GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n"},
        Case{"version_2", 505, "GET / HTTP/2.0\r\nHost: a\r\n\r\n"},
        Case{"no_version", 400, "GET /\r\nHost: a\r\n\r\n"},
        Case{"two_blank_lines_first", 400, "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
        Case{"unknown_expectation", 417, head("Expect: luck\r\n")}),
    [](const auto& test) { return test.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Bodies, Strict,
    ::testing::Values(
        Case{"length_hex", 400, head("Content-Length: 0x10\r\n")},
        Case{"length_plus", 400, head("Content-Length: +5\r\n")},
        Case{"length_minus", 400, head("Content-Length: -5\r\n")},
        Case{"length_empty", 400, head("Content-Length: \r\n")},
        Case{"length_words", 400, head("Content-Length: 5 5\r\n")},
        Case{"length_list", 400, head("Content-Length: 5, 5\r\n")},
        Case{"length_out_of_range", 400, head("Content-Length: 99999999999999999999\r\n")},
        Case{"length_over_the_cap", 413, head("Content-Length: 65537\r\n")},
        Case{"two_lengths", 400, head("Content-Length: 5\r\nContent-Length: 6\r\n")},
        Case{"same_length_twice", 400, head("Content-Length: 5\r\nContent-Length: 5\r\n")},
        Case{"length_and_chunked", 400,
             head("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")},
        Case{"chunked_and_length", 400,
             head("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n")},
        Case{"length_and_identity", 400,
             head("Content-Length: 5\r\nTransfer-Encoding: identity\r\n")},
        Case{"gzip", 501, head("Transfer-Encoding: gzip\r\n")},
        Case{"gzip_chunked", 501, head("Transfer-Encoding: gzip, chunked\r\n")},
        Case{"chunked_list", 501, head("Transfer-Encoding: chunked,\r\n")},
        Case{"xchunked", 501, head("Transfer-Encoding: xchunked\r\n")},
        Case{"http_1_0_chunked", 400,
             "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"},
        Case{"chunk_hex_prefix", 400, chunked("0x3\r\nabc\r\n0\r\n\r\n")},
        Case{"chunk_plus", 400, chunked("+3\r\nabc\r\n")},
        Case{"chunk_minus", 400, chunked("-3\r\nabc\r\n")},
        Case{"chunk_no_size", 400, chunked("\r\nabc\r\n")},
        Case{"chunk_blank_size", 400, chunked(" 3\r\nabc\r\n")},
        Case{"chunk_blank_after_size", 400, chunked("3 \r\nabc\r\n")},
        Case{"chunk_bare_lf", 400, chunked("3\nabc\r\n")},
        Case{"chunk_data_too_long", 400, chunked("3\r\nabcd\r\n")},
        Case{"chunk_data_bare_lf", 400, chunked("3\r\nabc\n")},
        Case{"chunk_size_overflow", 413, chunked("fffffffffffffffff\r\n")},
        Case{"chunk_over_the_cap", 413, chunked("10001\r\n")},
        Case{"chunk_line_too_long", 400, chunked("1;" + std::string(300, 'x'))},
        Case{"trailer_folded", 400, chunked("0\r\n A: b\r\n\r\n")},
        Case{"trailer_no_colon", 400, chunked("0\r\nA\r\n\r\n")},
        Case{"trailer_too_long", 431, chunked("0\r\nA: " + std::string(5000, 'x'))}),
    [](const auto& test) { return test.param.name; });

TEST(RequestReader, GivesTheWholeRequest) {
  RequestReader reader(kLimits);
  ASSERT_TRUE(feed(reader,
                   "POST /check?productID=1&x=2 HTTP/1.1\r\nHost: shop\r\nIdempotency-Key:  k1 \r\n"
                   "Content-Length: 5\r\n\r\nhello"));
  const Request& request = reader.request();
  EXPECT_EQ(request.method, Method::kPost);
  EXPECT_EQ(request.target, "/check?productID=1&x=2");
  EXPECT_EQ(request.path, "/check");
  EXPECT_EQ(request.query, "productID=1&x=2");
  EXPECT_EQ(request.header("idempotency-key"), "k1");
  EXPECT_EQ(request.body, "hello");
  EXPECT_TRUE(reader.keep_alive());
}

TEST(RequestReader, KeepsTheConnectionAsAsked) {
  const auto kept = [](const std::string& bytes) {
    RequestReader reader(kLimits);
    EXPECT_TRUE(feed(reader, bytes));
    return reader.keep_alive();
  };
  EXPECT_TRUE(kept("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_FALSE(kept("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n"));
  EXPECT_FALSE(kept("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n"));
}

TEST(RequestReader, AHeadOverItsLimitIs431) {
  const std::string prefix = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
  const std::string suffix = "\r\n\r\n";
  const auto of_size = [&](std::size_t size) {
    return prefix + std::string(size - prefix.size() - suffix.size(), 'x') + suffix;
  };
  EXPECT_EQ(verdict(of_size(16 * 1024)), 0);
  EXPECT_EQ(verdict(of_size(16 * 1024 + 1)), 431);
  EXPECT_EQ(verdict("GET /" + std::string(17 * 1024, 'x')), 431);
}

TEST(RequestReader, TellsWhereTheRequestStands) {
  RequestReader reader(kLimits);
  EXPECT_EQ(reader.phase(), Phase::kIdle);
  EXPECT_EQ(feed(reader, "POST / HTTP/1.1\r\n"), Progress::kNeedMore);
  EXPECT_EQ(reader.phase(), Phase::kHead);
  EXPECT_EQ(feed(reader, "Host: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"),
            Progress::kSendContinue);
  EXPECT_EQ(reader.phase(), Phase::kBody);
  EXPECT_EQ(reader.advance(), Progress::kNeedMore);  // said once
  EXPECT_EQ(feed(reader, "ab"), Progress::kComplete);
  EXPECT_EQ(reader.phase(), Phase::kComplete);
  reader.finish();
  EXPECT_EQ(reader.phase(), Phase::kIdle);
}

TEST(RequestReader, TellsHowMuchOfTheBodyHasCome) {
  RequestReader plain(kLimits);
  EXPECT_EQ(feed(plain, head("Content-Length: 9\r\n") + "abc"), Progress::kNeedMore);
  EXPECT_EQ(plain.body_received(), 3U);
  EXPECT_EQ(feed(plain, "de"), Progress::kNeedMore);
  EXPECT_EQ(plain.body_received(), 5U);

  RequestReader chunks(kLimits);
  EXPECT_EQ(feed(chunks, chunked("3\r\nabc\r\n1;name=value\r\n")), Progress::kNeedMore);
  EXPECT_EQ(chunks.body_received(), 3U) << "framing is no progress";
  EXPECT_EQ(feed(chunks, "d\r\n"), Progress::kNeedMore);
  EXPECT_EQ(chunks.body_received(), 4U);
}

TEST(RequestReader, AnExpectedBodyThatIsHereNeedsNoWord) {
  RequestReader reader(kLimits);
  EXPECT_EQ(
      feed(reader,
           "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab"),
      Progress::kComplete);
}

TEST(RequestReader, TinyChunksTakeNoMoreMemoryThanTheirData) {
  RequestReader reader(kLimits);
  std::string bytes = chunked("");
  for (int i = 0; i < 60'000; ++i) {
    bytes += "1\r\nx\r\n";
  }
  const auto progress = feed(reader, bytes + "0\r\n\r\n", 1024);
  ASSERT_EQ(progress, Progress::kComplete);
  EXPECT_EQ(reader.request().body, std::string(60'000, 'x'));
  EXPECT_EQ(reader.request().path, "/check");
  EXPECT_LE(reader.space().size(), 128U * 1024);
}

// Any requests, in one stream cut anywhere, come out as they went in.
RC_GTEST_PROP(RequestReader, PipelinedRequestsComeOutInOrderHoweverCut, ()) {
  const auto bodies = *rc::gen::container<std::vector<std::string>>(
      rc::gen::scale(20, rc::gen::arbitrary<std::string>()));
  std::string stream;
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    const std::string start = "POST /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n";
    if (i % 2 == 0) {
      stream +=
          start + "Content-Length: " + std::to_string(bodies[i].size()) + "\r\n\r\n" + bodies[i];
      continue;
    }
    stream += start + "Transfer-Encoding: chunked\r\n\r\n";
    for (std::string_view rest = bodies[i]; !rest.empty();) {
      const auto size = *rc::gen::inRange<std::size_t>(1, rest.size() + 1);
      char line[20];
      std::snprintf(line, sizeof(line), "%zX\r\n", size);
      stream += line + std::string(rest.substr(0, size)) + "\r\n";
      rest.remove_prefix(size);
    }
    stream += "0\r\n\r\n";
  }
  RequestReader reader(kLimits);
  std::string_view left = stream;
  std::size_t received = 0;
  for (;;) {
    const auto progress = reader.advance();
    RC_ASSERT(progress.has_value());
    if (*progress == Progress::kComplete) {
      RC_ASSERT(reader.request().path == "/" + std::to_string(received));
      RC_ASSERT(reader.request().body == bodies[received]);
      ++received;
      reader.finish();
      continue;
    }
    if (left.empty()) {
      break;
    }
    const auto space = reader.space();
    const auto size = *rc::gen::inRange<std::size_t>(1, std::min(left.size(), space.size()) + 1);
    std::copy_n(left.begin(), size, space.begin());
    reader.received(size);
    left.remove_prefix(size);
  }
  RC_ASSERT(received == bodies.size());
}

}  // namespace
}  // namespace stampede::http
