// What the provider of an external challenge answers (captcha/external/provider_answer.h): nothing
// but a verdict of the protocol is one, and no status of an error carries a yes.
#include "captcha/external/provider_answer.h"

#include <array>
#include <boost/json/parse.hpp>
#include <string>

#include "tests/fuzz/fuzz.h"

namespace stampede::fuzz {
namespace {

using captcha::ProviderAnswer;
using Word = ProviderAnswer::Word;

ProviderAnswer read(int status, std::string_view body) {
  return captcha::read_provider_answer(
      web_requests::Response{.status = status, .headers = {}, .body = std::string(body)});
}

}  // namespace

bool accepts(std::string_view bytes) {
  Choices choices(bytes);
  constexpr std::array kStatuses{200, 302, 400, 403, 499};
  const int status = kStatuses[choices.below(kStatuses.size())];
  const int failed = 500 + static_cast<int>(choices.below(100));
  const ProviderAnswer answer = read(status, bytes);
  const ProviderAnswer broken = read(failed, bytes);
  require(!broken.judged(), "the answer of a server that has failed is no verdict");
  require(answer.word != Word::kNothing && answer.word != Word::kBusy, "something has answered");

  boost::json::error_code error;
  const boost::json::value value = boost::json::parse(bytes, error);
  const auto* const object = error ? nullptr : value.if_object();
  const auto* const success = object == nullptr ? nullptr : object->if_contains("success");
  const bool verdict = success != nullptr && success->is_bool();
  require(verdict || !answer.judged(), "nothing is a verdict without success, true or false");
  require(!verdict || (answer.word == Word::kYes) == success->get_bool(), "a yes is a yes");
  require(answer.word == Word::kYes || answer.host.empty(), "a yes alone names a host");
  if (answer.word == Word::kYes) {
    const auto* const host = object->if_contains("hostname");
    require(answer.host.empty() ||
                (host != nullptr && host->is_string() && answer.host == host->get_string()),
            "the host is the answer's");
  }
  return answer.judged();
}

}  // namespace stampede::fuzz
