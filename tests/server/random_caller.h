#ifndef LATCHKEY_TESTS_SERVER_RANDOM_CALLER_H_
#define LATCHKEY_TESTS_SERVER_RANDOM_CALLER_H_

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/secret/sealer.h"
#include "tests/server/test_authority.h"

namespace latchkey::testing {

// Makes random calls, of every kind and by all sorts of callers, about a few names that meet often,
// and remembers what came of each. Used by one thread; several may share an authority.
class RandomCaller {
 public:
  // What came of one call.
  struct Done {
    std::string method;
    std::string hash;          // of its request id, as events have it
    std::uint64_t newest = 0;  // the log's end, as seen before the call
    absl::Status status;
    std::uint64_t revision = 0;
    bool repeated = false;  // the request id had been used
  };

  RandomCaller(std::uint64_t seed, TestAuthority& authority)
      : random_(static_cast<std::mt19937::result_type>(seed)), authority_(authority) {}

  void CallOnce();

  const std::vector<Done>& done() const { return done_; }
  // Every secret that was shown, with its token's name, oldest first.
  const std::vector<std::pair<std::string, std::string>>& secrets() const { return secrets_; }

 private:
  int Below(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(random_); }
  bool Rarely() { return Below(10) == 0; }

  std::string WorkspaceId() { return absl::StrCat("w", Below(2)); }
  // One of them acts and is acted on more often, and so gets further.
  std::string MemberId() { return absl::StrCat("m", Below(2) == 0 ? 0 : Below(4)); }
  std::string AppId() { return absl::StrCat("a", Below(12)); }
  std::string ServiceId() { return absl::StrCat("s", Below(2)); }
  std::string OrganizationId() { return absl::StrCat("o", Below(2)); }
  std::string Organization() { return "organizations/" + OrganizationId(); }
  std::string Workspace() { return "workspaces/" + WorkspaceId(); }
  std::string Member() { return Workspace() + "/members/" + MemberId(); }
  std::string App() { return "apps/" + AppId(); }
  std::string Installation() { return Workspace() + "/installations/" + AppId(); }
  std::string Token();
  std::string PendingRequest();
  std::string RunningBulk();
  // One of the apps as it is now; empty where there is none.
  v1::App ShownApp();
  std::string Uuid();
  Caller AnyCaller();

  void CallDirectory();
  void CallOrganizations();
  void CallMembers();
  void CallApps();
  void CallInstallations();
  void CallApprovals();
  void CallTokens();
  void CallBulk();

  template <typename Request>
  absl::StatusOr<ResponseOf<Request>> Call(Request request) {
    return CallAs(AnyCaller(), std::move(request));
  }
  template <typename Request>
  absl::StatusOr<ResponseOf<Request>> CallAs(const Caller& caller, Request request) {
    request.set_request_id(Uuid());
    Done done;
    done.method = MethodName<Request>();
    done.hash =
        absl::BytesToHexString(secret::RequestIdHash(request.request_id(), caller.principal));
    done.newest = authority_->events().newest();
    auto answer = authority_.Call(caller, request);
    done.status = answer.status();
    if (answer.ok()) done.revision = answer->revision();
    done_.push_back(done);
    if (Rarely()) Repeat(caller, request, done);
    return answer;
  }
  // Sends the same call again, as a client does that got no answer.
  template <typename Request>
  void Repeat(const Caller& caller, const Request& request, Done done) {
    const auto again = authority_.Call(caller, request);
    if (!done.status.ok()) {
      // It was not carried out, so this is a call of its own.
      if (!again.ok()) return;
      done.newest = 0;
      done.status = again.status();
    } else {
      done.repeated = true;
      done.status = again.status();
    }
    if (again.ok()) done.revision = again->revision();
    done_.push_back(done);
  }
  void Keep(const v1::IssuedToken& issued) {
    if (!issued.secret().empty()) secrets_.emplace_back(issued.token().name(), issued.secret());
  }

  std::mt19937 random_;
  TestAuthority& authority_;
  std::vector<Done> done_;
  std::vector<std::pair<std::string, std::string>> secrets_;
};

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_SERVER_RANDOM_CALLER_H_
