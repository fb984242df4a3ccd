#include "tests/fuzz/targets/reference_request.h"

#include <algorithm>
#include <cstdint>

#include "tests/fuzz/fuzz.h"

namespace stampede::fuzz {
namespace {

constexpr std::string_view kTokenMarks = "!#$%&'*+-.^_`|~";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kTokenMarks.find(c) != kTokenMarks.npos;
  });
}

std::string small(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

std::string_view take_line(std::string_view& stream) {
  const auto end = stream.find("\r\n");
  require(end != stream.npos, "every line ends in CR LF");
  const std::string_view line = stream.substr(0, end);
  stream.remove_prefix(end + 2);
  require(std::ranges::none_of(line,
                               [](char c) {
                                 const auto byte = static_cast<unsigned char>(c);
                                 return (byte < 0x20 && c != '\t') || byte == 0x7f;
                               }),
          "a line holds no control character, so no reader sees more lines");
  return line;
}

std::string_view without_blanks(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

/// What the headers say of the body.
struct Frame {
  std::optional<std::uint64_t> length;
  bool chunked = false;
  int hosts = 0;
};

void note(Frame& frame, const std::string& name, std::string_view value) {
  if (name == "host") ++frame.hosts;
  if (name == "content-length") {
    require(!frame.length, "one Content-Length");
    require(!value.empty() && std::ranges::all_of(value, is_digit), "Content-Length is digits");
    const std::string_view number =
        value.substr(std::min(value.find_first_not_of('0'), value.size()));
    require(number.size() < 19, "Content-Length fits");
    frame.length = number.empty() ? 0 : std::stoull(std::string(number));
  }
  if (name == "transfer-encoding") {
    require(!frame.chunked && small(value) == "chunked", "one Transfer-Encoding, chunked");
    frame.chunked = true;
  }
}

std::string take_chunks(std::string_view& stream) {
  std::string body;
  while (true) {
    const std::string_view line = take_line(stream);
    const std::string_view digits = line.substr(0, line.find(';'));
    require(!digits.empty() && digits.find_first_not_of("0123456789abcdefABCDEF") == digits.npos,
            "a chunk's size is hexadecimal digits");
    require(digits.size() <= 16 ||
                digits.substr(0, digits.size() - 16).find_first_not_of('0') == digits.npos,
            "a chunk's size fits");
    const std::uint64_t size = std::stoull(std::string(digits), nullptr, 16);
    if (size == 0) break;
    require(size <= stream.size(), "a chunk's data is there");
    body += stream.substr(0, size);
    stream.remove_prefix(size);
    require(take_line(stream).empty(), "CR LF stands behind a chunk's data");
  }
  while (true) {
    const std::string_view line = take_line(stream);
    if (line.empty()) return body;
    require(is_token(line.substr(0, line.find(':'))), "a trailer's name is a token");
  }
}

}  // namespace

ReferenceRequest take_reference(std::string_view& stream) {
  if (stream.starts_with("\r\n")) stream.remove_prefix(2);
  ReferenceRequest request;
  const std::string_view line = take_line(stream);
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  require(first != line.npos && last > first && line.find(' ', first + 1) == last,
          "a request line has two blanks");
  require(is_token(line.substr(0, first)), "a method is a token");
  request.target = line.substr(first + 1, last - first - 1);
  require(request.target.starts_with('/') &&
              std::ranges::all_of(request.target, [](char c) { return c > ' ' && c < 0x7f; }),
          "a target is a path of visible characters");
  const std::string_view version = line.substr(last + 1);
  require(version == "HTTP/1.1" || version == "HTTP/1.0", "the version is 1.1 or 1.0");

  Frame frame;
  while (true) {
    const std::string_view field = take_line(stream);
    if (field.empty()) break;
    const auto colon = field.find(':');
    require(colon != field.npos && is_token(field.substr(0, colon)), "a header's name is a token");
    const std::string_view value = without_blanks(field.substr(colon + 1));
    request.headers.emplace_back(field.substr(0, colon), value);
    note(frame, small(field.substr(0, colon)), value);
  }
  require(frame.hosts == 1, "one Host");
  require(!(frame.length && frame.chunked), "one framing");
  require(!(frame.chunked && version == "HTTP/1.0"), "no chunks in HTTP/1.0");
  if (frame.chunked) {
    request.body = take_chunks(stream);
  } else if (frame.length) {
    require(*frame.length <= stream.size(), "the body is there");
    request.body = stream.substr(0, *frame.length);
    stream.remove_prefix(*frame.length);
  }
  return request;
}

}  // namespace stampede::fuzz
