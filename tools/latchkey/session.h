#ifndef LATCHKEY_TOOLS_LATCHKEY_SESSION_H_
#define LATCHKEY_TOOLS_LATCHKEY_SESSION_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "client/client.h"
#include "google/protobuf/message.h"
#include "server/base/status_macros.h"
#include "tools/latchkey/config_file.h"
#include "tools/latchkey/io.h"
#include "tools/latchkey/settings.h"

namespace latchkey::cli {

// What a command works with: the world, the settings, and a client that connects when it is first
// used. Used by one thread. `io` must outlive it.
class Session {
 public:
  // `request_id` goes with every mutation; empty: each gets one of its own.
  Session(const Io& io, Flags flags, Config config, Settings settings, std::string request_id)
      : io_(io),
        flags_(std::move(flags)),
        config_(std::move(config)),
        settings_(std::move(settings)),
        request_id_(std::move(request_id)) {}

  const Io& io() const { return io_; }
  const Flags& flags() const { return flags_; }
  const Config& config() const { return config_; }
  const Settings& settings() const { return settings_; }
  bool json() const { return settings_.output == OutputFormat::kJson; }

  // Returns the client, made on the first call. Reads the caller's secret then.
  absl::StatusOr<Client*> client();

  // Returns whether there is a client yet.
  bool connected() const { return client_ != nullptr; }

  // Calls the server. Errors: as Client::Call() and client().
  template <typename Request>
  absl::StatusOr<ResponseOf<Request>> Call(Request request) {
    LATCHKEY_ASSIGN_OR_RETURN(const Client* const caller, client());
    if constexpr (requires { request.mutable_request_id(); }) {
      LATCHKEY_RETURN_IF_ERROR(Reach());
      request.set_request_id(NextRequestId());
    }
    return caller->Call(std::move(request));
  }

  // The same for a mutation that needs no request id.
  template <typename Request>
  absl::StatusOr<ResponseOf<Request>> CallWithoutRequestId(const Request& request) {
    LATCHKEY_ASSIGN_OR_RETURN(const Client* const caller, client());
    return caller->Call(request);
  }

  // Returns the request id of the last mutation; empty where there was none.
  const std::string& sent_request_id() const { return sent_request_id_; }

 private:
  // Connects before a mutation is sent, so that where nobody can be reached it is known that it was
  // not made. Errors: as Client::Call().
  absl::Status Reach();
  const std::string& NextRequestId();

  const Io& io_;
  const Flags flags_;
  const Config config_;
  const Settings settings_;
  const std::string request_id_;
  std::string sent_request_id_;
  std::unique_ptr<Client> client_;
  bool reached_ = false;
};

// Which part of a list is wanted.
struct Paging {
  std::uint64_t limit = 0;  // 0: everything
  std::string page_token;
};

// Returns how many items a page of a list holds.
std::size_t CountItems(const google::protobuf::Message& page);

// Reads a list page by page, and returns the pages as one. Its next_page_token is set where
// `paging.limit` left something out.
template <typename Request>
absl::StatusOr<ResponseOf<Request>> ListAll(Session& session, Request request,
                                            const Paging& paging) {
  constexpr std::size_t kLargestPage = 1000;
  std::size_t left = paging.limit == 0 ? std::numeric_limits<std::size_t>::max() : paging.limit;
  ResponseOf<Request> all;
  all.set_next_page_token(paging.page_token);
  do {
    request.set_page_size(static_cast<std::int32_t>(std::min(left, kLargestPage)));
    request.set_page_token(all.next_page_token());
    LATCHKEY_ASSIGN_OR_RETURN(const ResponseOf<Request> page, session.Call(request));
    all.clear_next_page_token();
    all.MergeFrom(page);
    left -= std::min(left, CountItems(page));
  } while (!all.next_page_token().empty() && left > 0);
  return all;
}

}  // namespace latchkey::cli

#endif  // LATCHKEY_TOOLS_LATCHKEY_SESSION_H_
