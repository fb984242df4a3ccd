// A whole cluster behind HAProxy, for a test that is no C++: one line a command on standard input,
// one line an answer. It ends with its input.
//
//   → origin http://127.0.0.1:PORT
//   → keys PATH                        the key file that all roles share
//   → ready
//   freeze ROLE | thaw ROLE            → done
//   stampede WORDS...                  → what that command printed (one line), after `ok`
// Whatever fails: → failed WHY
#include <fmt/core.h>

#include <cstdio>
#include <exception>
#include <iostream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "tests/cluster/proxied_cluster.h"
#include "tests/support/cluster/cluster.h"
#include "tests/support/cluster/servers.h"

namespace stampede::test_support {
namespace {

void say(std::string line) {
  for (char& c : line) {
    if (c == '\n') c = ' ';
  }
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

std::string obey(Cluster& cluster, const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words{std::istream_iterator<std::string>(stream), {}};
  if (words.empty()) throw std::runtime_error("expected a command");
  const std::string verb = words.front();
  words.erase(words.begin());
  if (verb == "stampede") return "ok " + cluster.run(words);
  if (words.size() == 1 && verb == "freeze") {
    cluster.freeze(words[0]);
  } else if (words.size() == 1 && verb == "thaw") {
    cluster.thaw(words[0]);
  } else {
    throw std::runtime_error("expected freeze ROLE, thaw ROLE or stampede WORDS..., got: " + line);
  }
  return "done";
}

void serve() {
  Servers servers({});
  Cluster cluster(servers);
  const Proxy proxy(Proxy::Kind::kHaproxy, upstreams_of(cluster), "127.0.0.1");
  say("origin http://" + proxy.address().text());
  say("keys " + (cluster.config("web").parent_path() / "data" / "keys").string());
  say("ready");
  for (std::string line; std::getline(std::cin, line);) {
    try {
      say(obey(cluster, line));
    } catch (const std::exception& error) {
      say(std::string("failed ") + error.what());
    }
  }
}

}  // namespace
}  // namespace stampede::test_support

int main() {
  try {
    stampede::test_support::serve();
  } catch (const std::exception& error) {
    stampede::test_support::say(std::string("failed ") + error.what());
    return 1;
  }
}
