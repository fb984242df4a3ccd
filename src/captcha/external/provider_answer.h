#pragma once

#include <cstdint>
#include <string>

#include "web_requests/web_requests.h"

namespace stampede::captcha {

/// What a provider says of a token, by the protocol `siteverify`.
struct ProviderAnswer {
  enum class Word : std::uint8_t {
    kYes,
    kNo,
    kNoVerdict,  // something answered, and it is no verdict: a page of a firewall, an error
    kNothing,    // nothing answered
    kBusy        // it did not get to the provider, because too many wait here
  };
  Word word = Word::kNothing;
  std::string host = {};    // kYes: where the challenge was answered
  std::string reason = {};  // otherwise, for the log

  bool judged() const { return word == Word::kYes || word == Word::kNo; }
};

/// Whatever is no answer of the protocol is none at all.
ProviderAnswer read_provider_answer(const web_requests::Result& result);

}  // namespace stampede::captcha
