#include "tests/support/form.h"

#include <fmt/format.h>

#include <cctype>

namespace stampede::test_support {
namespace {

/// The value of an attribute of one tag, such as name in `<input name="token" hidden>`. The pages
/// under test quote every value with double quotes.
std::string attribute(std::string_view tag, std::string_view name) {
  const std::string opening = fmt::format(" {}=\"", name);
  const std::size_t begin = tag.find(opening);
  if (begin == std::string_view::npos) return {};
  const std::size_t value = begin + opening.size();
  return std::string(tag.substr(value, tag.find('"', value) - value));
}

/// The next tag that begins with `opening` at or after `from`; moves `from` behind it.
std::optional<std::string_view> next_tag(std::string_view page, std::string_view opening,
                                         std::size_t& from) {
  const std::size_t begin = page.find(opening, from);
  if (begin == std::string_view::npos) return std::nullopt;
  const std::size_t end = page.find('>', begin);
  if (end == std::string_view::npos) return std::nullopt;
  from = end + 1;
  return page.substr(begin, end - begin);
}

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

}  // namespace

std::string Form::encoded() const {
  std::string body;
  for (const auto& [name, value] : fields) {
    if (!body.empty()) body += '&';
    body += percent_encoded(name) + '=' + percent_encoded(value);
  }
  return body;
}

std::optional<Form> find_form(std::string_view page, std::string_view action) {
  std::size_t position = 0;
  while (const auto tag = next_tag(page, "<form", position)) {
    Form form{
        .action = attribute(*tag, "action"), .fields = {}, .text_field = {}, .password_fields = {}};
    if (form.action != action) continue;
    const std::string_view inside =
        page.substr(position, page.find("</form>", position) - position);
    std::size_t at = 0;
    while (const auto input = next_tag(inside, "<input", at)) {
      const std::string name = attribute(*input, "name");
      const std::string type = attribute(*input, "type");
      if (name.empty()) continue;
      form.fields[name] = attribute(*input, "value");
      if (type == "password") form.password_fields.push_back(name);
      if ((type == "text" || type.empty()) && form.text_field.empty()) form.text_field = name;
    }
    return form;
  }
  return std::nullopt;
}

}  // namespace stampede::test_support
