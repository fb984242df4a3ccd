#include "web_requests/curl/curl_web_requests.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "concurrency/mutex.h"
#include "concurrency/worker_pool.h"
#include "model/time.h"
#include "net/public_address.h"

namespace stampede::web_requests {
namespace {

using Handle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using std::chrono::milliseconds;

/// Once a process, before any thread needs the library.
void prepare_library() {
  static const CURLcode done = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (done != CURLE_OK) throw std::runtime_error("libcurl cannot be used");
}

/// A service may close a connection that is written to.
void block_sigpipe() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

bool printable(std::string_view text) {
  return std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

/// Of a header: RFC 9110's token, nearly.
bool is_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

bool has_body(const Request& request) {
  return request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
}

/// What is wrong with a request; nullptr if it can be sent.
const char* fault_of(const Request& request, bool plain) {
  constexpr std::array kWithoutBody{"GET", "HEAD", "DELETE"};
  if (!has_body(request) && std::ranges::find(kWithoutBody, request.method) == kWithoutBody.end()) {
    return "no method that is sent";
  }
  if (!request.url.starts_with("https://") && !(plain && request.url.starts_with("http://"))) {
    return "the URL is none of https";
  }
  if (!printable(request.url) || request.url.find(' ') != request.url.npos) {
    return "the URL has a blank or a control character";
  }
  for (const auto& [name, value] : request.headers) {
    if (!is_name(name) || !printable(value)) return "a header has what no header may have";
  }
  return nullptr;
}

/// A request on its way, and whoever waits for its end.
struct Call {
  Request request;
  WebRequests::Done done;
  Tick deadline;

  void fail(Failure failure, std::string detail) {
    done(std::unexpected(Error{.failure = failure, .detail = std::move(detail)}));
  }
};

/// The list that libcurl wants headers in.
class HeaderList {
 public:
  explicit HeaderList(const Request& request) {
    bool typed = false;
    for (const auto& [name, value] : request.headers) {
      // A header without a value is written with a semicolon, or it would be taken away.
      add(value.empty() ? name + ";" : name + ": " + value);
      typed = typed || Response{.status = 0, .headers = {{name, "x"}}, .body = {}}.header(
                           "content-type") == "x";
    }
    if (!typed) add("Content-Type:");  // libcurl would say that a body is a form
    add("Expect:");                    // nobody waits for `100 Continue`
  }
  HeaderList(const HeaderList&) = delete;
  HeaderList& operator=(const HeaderList&) = delete;
  ~HeaderList() { curl_slist_free_all(list_); }

  curl_slist* list() const { return list_; }

 private:
  void add(const std::string& line) {
    curl_slist* const longer = curl_slist_append(list_, line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    list_ = longer;
  }

  curl_slist* list_ = nullptr;
};

/// Nobody's address, which is not public, where it is of another family.
net::AddressRange::Bytes bytes_of(const curl_sockaddr& address) {
  net::AddressRange::Bytes bytes{};
  if (address.family == AF_INET) {
    sockaddr_in ipv4{};
    std::memcpy(&ipv4, &address.addr, sizeof ipv4);
    bytes[10] = bytes[11] = 0xFF;  // mapped into IPv6
    std::memcpy(&bytes[12], &ipv4.sin_addr, sizeof ipv4.sin_addr);
  } else if (address.family == AF_INET6) {
    sockaddr_in6 ipv6{};
    // The structure that libcurl gives is as long as the address is.
    std::memcpy(&ipv6, &address.addr, std::min<std::size_t>(address.addrlen, sizeof ipv6));
    std::memcpy(bytes.data(), &ipv6.sin6_addr, sizeof ipv6.sin6_addr);
  }
  return bytes;
}

/// Takes from a handle, which outlives a transfer, all pointers into that. The connection stays.
class Forgets {
 public:
  explicit Forgets(CURL* handle) : handle_(handle) {}
  Forgets(const Forgets&) = delete;
  Forgets& operator=(const Forgets&) = delete;
  ~Forgets() { curl_easy_reset(handle_); }

 private:
  CURL* const handle_;
};

/// One request on one handle of the library, which calls the static functions.
class Transfer {
 public:
  Transfer(CURL* handle, const Request& request, const CurlWebRequests::Options& options,
           const std::atomic<bool>& stopping)
      : handle_(handle),
        request_(request),
        options_(options),
        headers_(request),
        stopping_(stopping) {
    set_connection();
    set_request();
    set_functions();
  }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  Result run(milliseconds left, bool& performed) {
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(std::max(left, milliseconds{1}).count()));
    performed = true;
    const CURLcode code = curl_easy_perform(handle_);
    if ((code == CURLE_OK && !too_large_) || (options_.status_alone && head_is_whole_)) {
      response_.status = status();
      return std::move(response_);
    }
    long sent = 0;
    curl_easy_getinfo(handle_, CURLINFO_REQUEST_SIZE, &sent);
    const char* const words = problem_[0] != '\0' ? problem_.data() : curl_easy_strerror(code);
    return std::unexpected(
        Error{.failure = failure_of(code, sent > 0), .detail = words, .sent = sent > 0});
  }

 private:
  template <class Value>
  void set(CURLoption option, Value value) {
    if (curl_easy_setopt(handle_, option, value) != CURLE_OK) {
      throw std::runtime_error("libcurl lacks an option that is needed");
    }
  }

  void set_connection() {
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_QUICK_EXIT, 1L);  // no deadline waits for a name server
    set(CURLOPT_PROTOCOLS_STR, options_.plain_to_private ? "https,http" : "https");
    set(CURLOPT_OPENSOCKETFUNCTION, &Transfer::open_socket);
    set(CURLOPT_OPENSOCKETDATA, this);
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_PROXY, "");  // and none of the environment
    set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_MAXCONNECTS, 1L);
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set(CURLOPT_SSL_VERIFYPEER, 1L);
    set(CURLOPT_SSL_VERIFYHOST, 2L);
    if (options_.ca_file.empty()) return;
    set(CURLOPT_CAINFO, options_.ca_file.c_str());
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));  // else the system's count as well
  }

  void set_request() {
    set(CURLOPT_URL, request_.url.c_str());
    set(CURLOPT_HTTPHEADER, headers_.list());
    set(CURLOPT_USERAGENT, "Stampede");  // some refuse who has none
    if (has_body(request_)) {
      set(CURLOPT_POST, 1L);
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    }
    if (request_.method == "HEAD") {
      set(CURLOPT_NOBODY, 1L);
    } else {
      set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
    }
  }

  void set_functions() {
    set(CURLOPT_ERRORBUFFER, problem_.data());
    set(CURLOPT_READFUNCTION, &Transfer::give_body);
    set(CURLOPT_READDATA, this);
    set(CURLOPT_SEEKFUNCTION, &Transfer::refuse_again);
    set(CURLOPT_HEADERFUNCTION, &Transfer::take_header);
    set(CURLOPT_HEADERDATA, this);
    set(CURLOPT_WRITEFUNCTION, &Transfer::take_body);
    set(CURLOPT_WRITEDATA, this);
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, &Transfer::stop_if_asked);
    set(CURLOPT_XFERINFODATA, this);
  }

  /// Where libcurl is about to connect to: a name has been looked up, and whatever it was found to
  /// be a moment ago counts for nothing.
  static curl_socket_t open_socket(void* self, curlsocktype, curl_sockaddr* address) {
    auto& transfer = *static_cast<Transfer*>(self);
    const bool to_public = net::is_public(bytes_of(*address));
    const bool plain = transfer.request_.url.starts_with("http://");
    if (to_public ? plain : transfer.options_.public_addresses_only) {
      transfer.address_refused_ = true;
      return CURL_SOCKET_BAD;
    }
    return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  }

  int status() const {
    long status = 0;
    curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
    return static_cast<int>(status);
  }

  static std::size_t give_body(char* space, std::size_t size, std::size_t count, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    const std::string& body = transfer.request_.body;
    const std::size_t part = std::min(size * count, body.size() - transfer.given_);
    std::memcpy(space, body.data() + transfer.given_, part);
    transfer.given_ += part;
    return part;
  }

  /// Where a kept connection ends before the answer, libcurl would send all of it once more: the
  /// service may have it already.
  static int refuse_again(void*, curl_off_t, int) { return CURL_SEEKFUNC_FAIL; }

  static std::size_t take_header(char* bytes, std::size_t size, std::size_t count, void* self) try {
    auto& transfer = *static_cast<Transfer*>(self);
    std::string_view line(bytes, size * count);
    transfer.header_bytes_ += line.size();
    transfer.too_large_ =
        transfer.too_large_ || transfer.header_bytes_ > transfer.options_.response_bytes;
    if (transfer.too_large_) return 0;
    if (line.starts_with("HTTP/")) transfer.response_.headers.clear();  // after one of 1xx
    // One of 1xx is not the answer yet.
    if (line == "\r\n" || line == "\n") transfer.head_is_whole_ = transfer.status() >= 200;
    const auto colon = line.find(':');
    if (colon == line.npos) return line.size();
    constexpr std::string_view kBlanks = " \t\r\n";
    std::string_view value = line.substr(colon + 1);
    value.remove_prefix(std::min(value.find_first_not_of(kBlanks), value.size()));
    value = value.substr(0, value.find_last_not_of(kBlanks) + 1);
    transfer.response_.headers.emplace_back(line.substr(0, colon), value);
    return line.size();
  } catch (const std::bad_alloc&) {  // no exception goes through libcurl
    return 0;
  }

  static std::size_t take_body(char* bytes, std::size_t size, std::size_t count, void* self) try {
    auto& transfer = *static_cast<Transfer*>(self);
    std::string& body = transfer.response_.body;
    transfer.too_large_ = body.size() + size * count > transfer.options_.response_bytes;
    if (transfer.too_large_) return 0;
    body.append(bytes, size * count);
    return size * count;
  } catch (const std::bad_alloc&) {
    return 0;
  }

  static int stop_if_asked(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<Transfer*>(self)->stopping_ ? 1 : 0;
  }

  Failure failure_of(CURLcode code, bool sent) const {
    if (too_large_) return Failure::kTooLarge;
    switch (code) {
      case CURLE_URL_MALFORMAT:
      case CURLE_LOGIN_DENIED:  // a URL with a user
        return Failure::kInvalid;
      case CURLE_UNSUPPORTED_PROTOCOL:  // also where the answer is no HTTP/1
        return sent ? Failure::kConnectionLost : Failure::kInvalid;
      case CURLE_COULDNT_RESOLVE_HOST:
      case CURLE_COULDNT_CONNECT:
        return address_refused_ ? Failure::kAddressRefused : Failure::kNoConnection;
      case CURLE_SSL_CONNECT_ERROR:
      case CURLE_PEER_FAILED_VERIFICATION:
      case CURLE_SSL_CACERT_BADFILE:
      case CURLE_SSL_CERTPROBLEM:
      case CURLE_SSL_CIPHER:
      case CURLE_SSL_ISSUER_ERROR:
        return Failure::kUntrusted;
      case CURLE_OPERATION_TIMEDOUT:
        return Failure::kTimeout;
      case CURLE_ABORTED_BY_CALLBACK:
        return Failure::kStopped;
      default:
        return Failure::kConnectionLost;
    }
  }

  CURL* const handle_;
  const Forgets forgets_{handle_};  // also where the constructor throws
  const Request& request_;
  const CurlWebRequests::Options& options_;
  const HeaderList headers_;
  const std::atomic<bool>& stopping_;
  Response response_;
  std::size_t given_ = 0;  // of the request's body
  std::size_t header_bytes_ = 0;
  bool head_is_whole_ = false;  // of the answer
  bool too_large_ = false;
  bool address_refused_ = false;
  std::array<char, CURL_ERROR_SIZE> problem_{};
};

}  // namespace

class CurlWebRequests::Implementation {
 public:
  explicit Implementation(Options options)
      : options_(std::move(options)),
        breaker_(options_.breaker),
        pool_({.name = options_.name, .threads = options_.threads, .queue = options_.queue}) {}

  void send(Request request, Done done) {
    const Tick now = read_clocks().tick;
    const auto call = std::make_shared<Call>(std::move(request), std::move(done));
    call->deadline = now + call->request.timeout;
    if (const char* const fault = fault_of(call->request, options_.plain_to_private)) {
      return call->fail(Failure::kInvalid, fault);
    }
    if (!breaker_.would_admit(now)) {
      return call->fail(Failure::kBreakerOpen, "the last requests failed");
    }
    if (!queue(call)) call->fail(Failure::kQueueFull, "as many wait as may");
  }

  void stop() {
    std::vector<std::shared_ptr<Call>> waiting;
    {
      const concurrency::MutexLock lock(mutex_);
      stopping_ = true;
      waiting.swap(waiting_);
    }
    pool_.stop();  // runs nothing that waits
    for (const auto& call : waiting) call->fail(Failure::kStopped, "this process ends");
  }

 private:
  /// False: no thread will take it, and nobody has told whoever waits.
  bool queue(const std::shared_ptr<Call>& call) {
    concurrency::MutexLock lock(mutex_);
    if (stopping_) {
      lock.unlock();
      call->fail(Failure::kStopped, "this process ends");
      return true;
    }
    waiting_.push_back(call);
    if (pool_.submit([this, call] { begin(call); })) return true;
    waiting_.pop_back();
    return false;
  }

  /// On a thread of the pool.
  void begin(const std::shared_ptr<Call>& call) {
    {
      const concurrency::MutexLock lock(mutex_);
      if (std::erase(waiting_, call) == 0) return;  // stop() has it
    }
    block_sigpipe();
    const Tick now = read_clocks().tick;
    if (now >= call->deadline) {
      return call->fail(Failure::kNotBegun, "its time was over before a thread was free");
    }
    if (!breaker_.admit(now)) {
      return call->fail(Failure::kBreakerOpen, "the last requests failed");
    }
    Result result = run_or_fail(call->request, call->deadline - now);
    note(result);
    call->done(std::move(result));
  }

  /// That memory or an option of the library lacks says nothing of the service.
  Result run_or_fail(const Request& request, Tick::duration left) {
    bool performed = false;
    try {
      return run(request, left, performed);
    } catch (const std::exception& error) {
      return std::unexpected(
          Error{.failure = Failure::kNotBegun, .detail = error.what(), .sent = performed});
    }
  }

  Result run(const Request& request, Tick::duration left, bool& performed) {
    Handle handle = take_handle();
    Result result = [&] {
      Transfer transfer(handle.get(), request, options_, stopping_);
      return transfer.run(std::chrono::ceil<milliseconds>(left), performed);
    }();
    const concurrency::MutexLock lock(mutex_);
    handles_.push_back(std::move(handle));
    return result;
  }

  void note(const Result& result) {
    if (result && (result->status < 500 || !options_.errors_open_breaker)) {
      breaker_.succeeded();
    } else if (!result && (result.error().failure == Failure::kStopped ||
                           result.error().failure == Failure::kNotBegun ||
                           result.error().failure == Failure::kInvalid)) {
      breaker_.given_up();
    } else {
      breaker_.failed(read_clocks().tick);
    }
  }

  Handle take_handle() {
    const concurrency::MutexLock lock(mutex_);
    if (!handles_.empty()) {
      Handle handle = std::move(handles_.back());
      handles_.pop_back();
      return handle;
    }
    Handle handle(curl_easy_init(), curl_easy_cleanup);
    if (!handle) throw std::bad_alloc();
    return handle;
  }

  const Options options_;
  Breaker breaker_;
  std::atomic<bool> stopping_{false};
  concurrency::Mutex mutex_;
  std::vector<std::shared_ptr<Call>> waiting_ STAMPEDE_GUARDED_BY(mutex_);
  std::vector<Handle> handles_ STAMPEDE_GUARDED_BY(mutex_);  // that no thread uses
  concurrency::WorkerPool pool_;                             // uses all above
};

CurlWebRequests::CurlWebRequests(Options options) {
  prepare_library();
  implementation_ = std::make_unique<Implementation>(std::move(options));
}

CurlWebRequests::~CurlWebRequests() { stop(); }

void CurlWebRequests::send(Request request, Done done) {
  implementation_->send(std::move(request), std::move(done));
}

void CurlWebRequests::stop() { implementation_->stop(); }

}  // namespace stampede::web_requests
