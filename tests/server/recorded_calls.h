#ifndef LATCHKEY_TESTS_SERVER_RECORDED_CALLS_H_
#define LATCHKEY_TESTS_SERVER_RECORDED_CALLS_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "server/authority/mutation_command.h"
#include "server/secret/sealer.h"
#include "tests/server/shown_secrets.h"
#include "tests/server/test_authority.h"

namespace latchkey::testing {

// What came of one call.
struct DoneCall {
  std::string method;
  std::string hash;          // of its request id, as events have it; empty where none is used
  std::uint64_t newest = 0;  // the log's end, as seen before the call
  absl::Status status;
  std::uint64_t revision = 0;
  bool repeated = false;               // the request id had been used
  std::vector<ShownSecret> presented;  // those that it is about
  std::string reason;
  absl::Time end;  // the clock, after the answer
};

// Makes calls, keeps the secrets that answers show, and remembers what came of each call. Used by
// one thread.
class RecordedCalls {
 public:
  RecordedCalls(TestAuthority& authority, ShownSecrets& secrets)
      : authority_(authority), secrets_(secrets) {}

  // `presented` are the secrets in `request`. `repeats`: sends the same call again, as a client
  // does that got no answer.
  template <typename Request>
  absl::StatusOr<ResponseOf<Request>> Call(const Caller& caller, const Request& request,
                                           const std::vector<ShownSecret>& presented,
                                           bool repeats) {
    DoneCall done;
    done.method = MethodName<Request>();
    done.hash = HashOf(caller, request);
    done.newest = authority_->events().newest();
    done.presented = presented;
    if constexpr (requires { request.reason(); }) done.reason = request.reason();
    const absl::Time begin = authority_.clock().Now();
    const auto answer = authority_.Call(caller, request);
    Note(answer, done);
    if (repeats) Repeat(caller, request, done, answer, begin);
    return answer;
  }

  const std::vector<DoneCall>& done() const { return done_; }

 private:
  template <typename Request>
  void Repeat(const Caller& caller, const Request& request, DoneCall done,
              const absl::StatusOr<ResponseOf<Request>>& first, absl::Time begin) {
    const auto again = authority_.Call(caller, request);
    if (!first.ok()) {
      // It was not carried out, so this is a call of its own.
      if (!again.ok()) return;
      done.newest = 0;
    } else {
      done.repeated = true;
      const bool remembered = authority_.clock().Now() < begin + absl::Minutes(10);
      if (again.ok() && remembered && !done.hash.empty()) {
        EXPECT_EQ(again->SerializeAsString(), first->SerializeAsString()) << done.method;
      }
    }
    Note(again, std::move(done));
  }

  template <typename Response>
  void Note(const absl::StatusOr<Response>& answer, DoneCall done) {
    done.status = answer.status();
    done.end = authority_.clock().Now();
    if (answer.ok()) {
      if constexpr (requires { answer->revision(); }) done.revision = answer->revision();
      KeepSecrets(*answer);
    }
    done_.push_back(std::move(done));
  }

  template <typename Response>
  void KeepSecrets(const Response& response) {
    if constexpr (requires { response.issued_token(); }) secrets_.Add(response.issued_token());
    if constexpr (requires { response.access_token(); }) secrets_.Add(response.access_token());
    if constexpr (requires { response.refresh_token(); }) secrets_.Add(response.refresh_token());
    if constexpr (requires { response.bot_token(); }) {
      secrets_.Add(response.bot_token());
      secrets_.Add(response.user_token());
      secrets_.Add(response.bot_refresh_token());
      secrets_.Add(response.user_refresh_token());
    }
  }

  template <typename Request>
  static std::string HashOf(const Caller& caller, const Request& request) {
    if constexpr (requires { request.request_id(); }) {
      if (!UsesRequestId(request)) return "";
      // Whoever holds a secret is one caller.
      const std::string who = PresentsSecret(request) ? kBearerPrincipal : caller.principal;
      return absl::BytesToHexString(secret::RequestIdHash(request.request_id(), who));
    }
    return "";
  }

  TestAuthority& authority_;
  ShownSecrets& secrets_;
  std::vector<DoneCall> done_;
};

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_SERVER_RECORDED_CALLS_H_
