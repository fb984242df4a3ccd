// Stands in for a provider of challenges that shops use by the protocol `siteverify`: its script,
// its widget in a frame of its own origin, and its judgement of tokens, over TLS with a certificate
// of its own. What it cannot show is that Cloudflare, hCaptcha and Google still speak as they say.
// For a test that is no C++: one line a command on standard input, one line an answer. It ends with
// its input.
//
//   → origin https://127.0.0.1:PORT
//   → authority PATH                   the PEM file that its certificate is trusted by
//   → ready
//   away | verdicts-away | back        → done: nothing, or no verdict, comes from it; all comes
//   other-host                         → done: the next tokens were earned on another site
//   judged                             → how many tokens it has judged, and what came of each
#include <fmt/core.h>

#include <cstdio>
#include <functional>
#include <iostream>
#include <map>
#include <string>

#include "concurrency/mutex.h"
#include "http/server/server.h"
#include "http/tls/tls_listener.h"
#include "tests/support/certificates.h"
#include "tests/support/temp_dir.h"

namespace stampede::test_support {
namespace {

constexpr const char* kSecret = "the-secret-of-the-shop";

/// As the scripts of the three: render(), reset(), and the function that `onload` names.
constexpr const char* kScript = R"js((() => {
  const own = new URL(document.currentScript.src);
  const widgets = [];
  const frameOf = (id) => widgets[id].frame;
  const address = (id) => `${own.origin}/widget?id=${id}&sitekey=${widgets[id].options.sitekey}`;
  const api = {
    render(place, options) {
      const frame = document.createElement("iframe");
      const id = widgets.push({ frame, options }) - 1;
      const compact = options.size === "compact";
      frame.width = compact ? 164 : 302;
      frame.height = compact ? 144 : 76;
      frame.title = "Challenge of the stand-in";
      frame.src = address(id);
      place.append(frame);
      return id;
    },
    reset(id) {
      frameOf(id).src = address(id);
    },
  };
  addEventListener("message", ({ origin, data }) => {
    if (origin !== own.origin) return;
    const { options } = widgets[data.id];
    if (data.token) options.callback(data.token);
    else options["error-callback"]();
  });
  window.turnstile = window.hcaptcha = window.grecaptcha = api;
  window[own.searchParams.get("onload")]?.();
})();
)js";

constexpr const char* kWidget = R"html(<!doctype html><html lang="en"><title>Challenge</title>
<style>body{margin:0;font:16px sans-serif;background:#fff;color:#000}label{display:block;padding:24px 8px}</style>
<label><input type="checkbox" id="person"> I am a person</label>
<script>
const id = Number(new URLSearchParams(location.search).get("id"));
document.getElementById("person").addEventListener("change", async () => {
  const host = new URL(location.ancestorOrigins[0]).hostname;
  const response = await fetch(`/answer?host=${host}`).catch(() => null);
  parent.postMessage({ id, token: response?.ok ? await response.text() : "" }, "*");
});
</script>
)html";

class Provider {
 public:
  Provider() {
    certificates_.make();
    listener_ = std::make_unique<http::tls::TlsListener>(
        http::tls::CertificateFiles{certificates_.certificate(), certificates_.key()});
    add("/api.js", "text/javascript; charset=utf-8", [](const auto&) { return kScript; });
    add("/widget", "text/html; charset=utf-8", [](const auto&) { return kWidget; });
    add("/answer", "text/plain", [this](const http::Request& request) {
      return give(request.query_parameter("host").value_or(""));
    });
    router_.post("/siteverify", [this](http::Request& request, http::Responder respond) {
      respond(judge(request));
    });
    server_ = std::make_unique<http::Server>(http::ListenerOptions{.address = "127.0.0.1:0",
                                                                   .threads = 1,
                                                                   .limits = {},
                                                                   .trusted_proxies = {},
                                                                   .layer = listener_->layer()},
                                             router_);
    server_->start();
  }

  std::string origin() const { return server_->url(); }
  std::string authority() const { return certificates_.certificate().string(); }

  std::string obey(const std::string& command) {
    const concurrency::MutexLock lock(mutex_);
    if (command == "judged") return fmt::format("{}{}", judged_, verdicts_);
    if (command == "other-host") {
      other_host_ = true;
    } else if (command == "away" || command == "verdicts-away" || command == "back") {
      pages_away_ = command == "away";
      verdicts_away_ = command != "back";
    } else {
      return "failed expected away, verdicts-away, back, other-host or judged";
    }
    return "done";
  }

 private:
  void add(const char* path, std::string_view type,
           std::function<std::string(const http::Request&)> make) {
    router_.get(path, [this, type, make](http::Request& request, http::Responder respond) {
      if (away()) return respond(http::problem(503, "away", "The stand-in is away."));
      http::Response response;
      response.content_type = type;
      response.body = make(request);
      respond(std::move(response));
    });
  }

  bool away() {
    const concurrency::MutexLock lock(mutex_);
    return pages_away_;
  }

  std::string give(const std::string& host) {
    const concurrency::MutexLock lock(mutex_);
    std::string token = fmt::format("token.{}", ++given_);
    tokens_[token] = other_host_ ? "other.example" : host;
    return token;
  }

  http::Response judge(const http::Request& request) {
    const concurrency::MutexLock lock(mutex_);
    if (verdicts_away_) return http::problem(503, "away", "The stand-in is away.");
    if (request.form_field("secret") != kSecret) return refuse("invalid-input-secret");
    if (request.form_field("remoteip") == "") return refuse("bad-request");
    const auto found = tokens_.find(request.form_field("response").value_or(""));
    if (found == tokens_.end()) return refuse("invalid-input-response");
    const std::string host = found->second;
    if (host.empty()) return refuse("timeout-or-duplicate");
    found->second.clear();
    ++judged_;
    verdicts_ += " yes";
    return http::json(
        200,
        fmt::format(R"({{"success":true,"error-codes":[],"challenge_ts":"{}","hostname":"{}"}})",
                    "2026-11-22T08:24:00.000Z", host));
  }
  http::Response refuse(std::string_view code) STAMPEDE_REQUIRES(mutex_) {
    ++judged_;
    verdicts_ += fmt::format(" {}", code);
    return http::json(200, fmt::format(R"({{"success":false,"error-codes":["{}"]}})", code));
  }

  const TempDir folder_;
  const Certificates certificates_{folder_.path()};
  concurrency::Mutex mutex_;
  std::map<std::string, std::string> tokens_ STAMPEDE_GUARDED_BY(mutex_);  // host; "": used
  int given_ STAMPEDE_GUARDED_BY(mutex_) = 0;
  int judged_ STAMPEDE_GUARDED_BY(mutex_) = 0;
  std::string verdicts_ STAMPEDE_GUARDED_BY(mutex_);
  bool pages_away_ STAMPEDE_GUARDED_BY(mutex_) = false;
  bool verdicts_away_ STAMPEDE_GUARDED_BY(mutex_) = false;
  bool other_host_ STAMPEDE_GUARDED_BY(mutex_) = false;
  std::unique_ptr<http::tls::TlsListener> listener_;
  http::Router router_;
  std::unique_ptr<http::Server> server_;
};

void say(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

}  // namespace
}  // namespace stampede::test_support

int main() {
  using stampede::test_support::say;
  stampede::test_support::Provider provider;
  say("origin " + provider.origin());
  say("authority " + provider.authority());
  say("ready");
  for (std::string line; std::getline(std::cin, line);) say(provider.obey(line));
}
